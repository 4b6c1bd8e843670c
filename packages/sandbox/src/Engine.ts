/**
 * The Docker Engine API, as far as a run needs it: one operation a call.
 *
 * `EngineLive` speaks HTTP to a daemon; `@chroot-exec/sandbox/testing` records. The names are those of the API's own
 * document (https://docs.docker.com/reference/api/engine/).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { EngineFailure, Operation } from "./EngineError.js"
import type { HostConfig } from "./Isolation.js"
import type { InputRefused, InputUnreadable } from "./SandboxError.js"

/**
 * Labels of a container or a volume.
 *
 * @since 0.1.0
 * @category models
 */
export type Labels = Readonly<Record<string, string>>

const Labels = Schema.transform(
  Schema.NullishOr(Schema.Record({ key: Schema.String, value: Schema.String })),
  Schema.Record({ key: Schema.String, value: Schema.String }),
  { strict: true, decode: (labels) => labels ?? {}, encode: (labels) => labels }
)

/**
 * The body of ContainerCreate.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateRequest {
  readonly AttachStderr: true
  readonly AttachStdin: boolean
  readonly AttachStdout: true
  readonly Cmd: readonly []
  readonly Entrypoint: ReadonlyArray<string>
  readonly Env: ReadonlyArray<string>
  readonly Healthcheck: { readonly Test: readonly ["NONE"] }
  readonly HostConfig: HostConfig
  readonly Image: string
  readonly Labels: Labels
  readonly OpenStdin: boolean
  readonly StdinOnce: boolean
  readonly Tty: false
  readonly User: string
  readonly WorkingDir?: string
}

/**
 * What ImageInspect answers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ImageInspection = Schema.Struct({
  Config: Schema.NullishOr(Schema.Struct({
    /** The places that the image declares as volumes. */
    Volumes: Schema.NullishOr(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
  }))
})

/**
 * @since 0.1.0
 * @category models
 */
export type ImageInspection = typeof ImageInspection.Type

/**
 * A line of ImageCreate's answer.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PullMessage = Schema.Struct({
  id: Schema.optional(Schema.String),
  status: Schema.optional(Schema.String),
  progressDetail: Schema.optional(Schema.Struct({
    current: Schema.optional(Schema.Number),
    total: Schema.optional(Schema.Number)
  })),
  error: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type PullMessage = typeof PullMessage.Type

/**
 * What ContainerInspect tells of a container's state.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ContainerState = Schema.Struct({
  ExitCode: Schema.Int,
  OOMKilled: Schema.Boolean,
  StartedAt: Schema.String,
  FinishedAt: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export type ContainerState = typeof ContainerState.Type

/**
 * What ContainerInspect answers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ContainerInspection = Schema.Struct({ State: ContainerState })

/**
 * A sample of ContainerStats: processor time in nanoseconds, memory in bytes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Stats = Schema.Struct({
  cpu_stats: Schema.Struct({ cpu_usage: Schema.Struct({ total_usage: Schema.Number }) }),
  memory_stats: Schema.Struct({
    usage: Schema.optional(Schema.Number),
    /** The highest `usage`; only with version 1 of cgroups. */
    max_usage: Schema.optional(Schema.Number)
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Stats = typeof Stats.Type

/**
 * A container or a volume that has the labels which were asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Labelled {
  /** A container's id, a volume's name. */
  readonly id: string
  readonly labels: Labels
}

/**
 * What ContainerList answers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ContainerSummaries = Schema.Array(Schema.Struct({ Id: Schema.String, Labels }))

/**
 * What VolumeList answers.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VolumeSummaries = Schema.Struct({
  Volumes: Schema.NullishOr(Schema.Array(Schema.Struct({ Name: Schema.String, Labels })))
})

/**
 * The type of a file, as ContainerArchiveInfo tells it.
 *
 * @since 0.1.0
 * @category models
 */
export type FileType = "directory" | "file" | "link" | "other"

/**
 * What ContainerArchiveInfo tells of a path; a symbolic link at its end is not followed.
 *
 * @since 0.1.0
 * @category models
 */
export interface PathStat {
  readonly type: FileType
  readonly size: number
}

/**
 * A connection to a container's standard streams.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attachment {
  /** Frames, for `Demultiplexer`; read on demand. Ends when the container has closed both streams. */
  readonly output: Stream.Stream<Uint8Array, EngineFailure>
  /** Writes to standard input. Returns when the bytes are taken. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, EngineFailure>
  /** The end of standard input. */
  readonly endInput: Effect.Effect<void>
}

/** What an operation comes to. */
type Call<A, R = never> = Effect.Effect<A, EngineFailure, R>

/**
 * The operations, each named after its call.
 *
 * @since 0.1.0
 * @category models
 */
export interface EngineOperations extends Record<Operation, unknown> {
  /** What the daemon knows of an image; none when it has none of that name. */
  readonly imageInspect: (image: string) => Call<Option.Option<ImageInspection>>
  /** Pulls an image; the messages are the progress, and may have an error among them. */
  readonly imageCreate: (
    image: string,
    credentials: Option.Option<Redacted.Redacted>
  ) => Stream.Stream<PullMessage, EngineFailure>
  /** The containers, running or not, that have this label. */
  readonly containerList: (label: string) => Call<ReadonlyArray<Labelled>>
  /** The volumes that have this label. */
  readonly volumeList: (label: string) => Call<ReadonlyArray<Labelled>>
  readonly volumeCreate: (name: string, labels: Labels) => Call<void>
  readonly volumeDelete: (name: string) => Call<void>
  readonly containerCreate: (name: string, request: CreateRequest) => Call<void>
  readonly containerAttach: (name: string, stdin: boolean) => Call<Attachment, Scope.Scope>
  readonly containerStart: (name: string) => Call<void>
  /** Returns when the container does not run, with its exit code. */
  readonly containerWait: (name: string) => Call<number>
  /** SIGKILL. */
  readonly containerKill: (name: string) => Call<void>
  /** What the container's log has of its output, in frames as those of an attachment. */
  readonly containerLogs: (name: string) => Stream.Stream<Uint8Array, EngineFailure>
  readonly containerInspect: (name: string) => Call<ContainerState>
  /** A sample about every second, as long as the container runs. */
  readonly containerStats: (name: string) => Stream.Stream<Stats, EngineFailure>
  /** With its anonymous volumes, killed when it runs. */
  readonly containerDelete: (name: string) => Call<void>
  /** None where there is nothing. */
  readonly containerArchiveInfo: (name: string, path: string) => Call<Option.Option<PathStat>>
  /** What is at a path, as a tar archive. */
  readonly containerArchive: (name: string, path: string) => Stream.Stream<Uint8Array, EngineFailure>
  /** Unpacks a plain tar archive below a path. */
  readonly putContainerArchive: (
    name: string,
    path: string,
    archive: Stream.Stream<Uint8Array, InputRefused | InputUnreadable>
  ) => Effect.Effect<void, EngineFailure | InputRefused | InputUnreadable>
}

/**
 * @since 0.1.0
 * @category context
 */
export class Engine extends Context.Tag("@chroot-exec/sandbox/Engine")<
  Engine,
  EngineOperations & {
    /** Where the daemon's socket is on this host; none when it is reached over a network. */
    readonly socket: Option.Option<string>
  }
>() {}
