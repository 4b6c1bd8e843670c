/**
 * The made-up daemon behind the recording `Engine`.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { pack } from "tar-stream"
import type { Piece } from "../Demultiplexer.js"
import type {
  ContainerState,
  EngineOperations,
  FileType,
  Labelled,
  Labels,
  PathStat,
  PullMessage
} from "../Engine.js"
import { engineError, type EngineFailure, engineUnreachable, type Operation } from "../EngineError.js"

/** What the daemon is made of. */
export interface World {
  /** The images it has; `image` unless given. */
  readonly images?: ReadonlyArray<string>
  /** The volumes that its images declare. */
  readonly imageVolumes?: ReadonlyArray<string>
  /** What it says during a pull. */
  readonly pull?: ReadonlyArray<PullMessage>
  /** What a container writes when it is started. */
  readonly output?: ReadonlyArray<Piece>
  /** What of it comes through the attached connection; all of it unless given. The log has all of it. */
  readonly attached?: ReadonlyArray<Piece>
  /** Its exit code; it runs until it is killed when this is "never". */
  readonly exitCode?: number | "never"
  readonly state?: Partial<ContainerState>
  /** What is at paths of a container that has ended: a file's content, or something else. */
  readonly paths?: Readonly<Record<string, FileType | Uint8Array>>
  /** Containers and volumes that are there before. */
  readonly containers?: ReadonlyArray<Labelled>
  readonly volumes?: ReadonlyArray<Labelled>
}

/** A frame of the attached stream. */
const frame = ({ bytes, stream }: Piece): Uint8Array => {
  const framed = Buffer.alloc(8 + bytes.length)
  framed[0] = stream === "stdout" ? 1 : 2
  framed.writeUInt32BE(bytes.length, 4)
  framed.set(bytes, 8)
  return framed
}

const statOf = (content: FileType | Uint8Array): PathStat =>
  typeof content === "string" ? { type: content, size: 0 } : { type: "file", size: content.length }

const archiveOf = (
  name: string,
  content: FileType | Uint8Array | undefined
): Stream.Stream<Uint8Array, EngineFailure> => {
  const archive = pack()
  archive.entry(
    { name: name.split("/").at(-1) ?? "" },
    Buffer.from(content instanceof Uint8Array ? content : "")
  )
  archive.finalize()
  return Stream.fromAsyncIterable<Uint8Array, EngineFailure>(
    archive,
    () => engineUnreachable("containerArchive", "the archive cannot be made")
  )
}

const notFound = (operation: Operation) =>
  Effect.fail(engineError(operation, { reason: "Refused", status: 404, detail: "there is none" }))

/** The operations of the made-up daemon. */
export const simulate = (
  world: World,
  things: Map<string, Labels>,
  input: Array<Uint8Array>,
  archives: Array<Uint8Array>
): EngineOperations => {
  const images = new Set(world.images ?? ["image"])
  const started = Deferred.unsafeMake<void>(FiberId.none)
  const ended = Deferred.unsafeMake<number>(FiberId.none)
  const end = (code: number) => Effect.asVoid(Deferred.succeed(ended, code))
  const create = (name: string, labels: Labels) => Effect.sync(() => void things.set(name, labels))
  const remove = (operation: Operation) => (name: string) =>
    Effect.suspend(() => things.delete(name) ? Effect.void : notFound(operation))
  const labelled = (found: ReadonlyArray<Labelled> | undefined) => () =>
    Effect.sync(() => (found ?? []).filter(({ id }) => things.has(id)))

  return {
    imageInspect: (image) =>
      Effect.sync(() =>
        images.has(image)
          ? Option.some({
            Config: { Volumes: Object.fromEntries((world.imageVolumes ?? []).map((path) => [path, {}])) }
          })
          : Option.none()
      ),
    imageCreate: (image) =>
      Stream.concat(
        Stream.fromIterable(world.pull ?? []),
        Stream.drain(Stream.sync(() => images.add(image.replace(/:latest$/, ""))))
      ),
    containerList: labelled(world.containers),
    volumeList: labelled(world.volumes),
    volumeCreate: create,
    volumeDelete: remove("volumeDelete"),
    containerCreate: (name, { Labels }) => create(name, Labels),
    containerAttach: () =>
      Effect.succeed({
        output: Stream.fromEffect(Deferred.await(started)).pipe(
          Stream.drain,
          Stream.concat(Stream.fromIterable((world.attached ?? world.output ?? []).map(frame))),
          Stream.concat(Stream.drain(Stream.fromEffect(Deferred.await(ended))))
        ),
        write: (bytes) => Effect.sync(() => void input.push(bytes)),
        endInput: Effect.void
      }),
    containerStart: () =>
      Effect.zipRight(
        Deferred.succeed(started, undefined),
        world.exitCode === "never" ? Effect.void : end(world.exitCode ?? 0)
      ),
    containerWait: () => Deferred.await(ended),
    containerKill: () => end(137),
    containerLogs: () => Stream.fromIterable((world.output ?? []).map(frame)),
    containerInspect: () =>
      Effect.succeed({
        ExitCode: 0,
        OOMKilled: false,
        StartedAt: "2026-01-01T00:00:00Z",
        FinishedAt: "2026-01-01T00:00:01.5Z",
        ...world.state
      }),
    containerStats: () => Stream.empty,
    containerDelete: remove("containerDelete"),
    containerArchiveInfo: (_, path) =>
      Effect.sync(() => Option.map(Option.fromNullable(world.paths?.[path]), statOf)),
    containerArchive: (_, path) => archiveOf(path, world.paths?.[path]),
    putContainerArchive: (_, __, archive) =>
      Effect.asVoid(
        Effect.map(Stream.runCollect(archive), (chunks) => archives.push(Buffer.concat([...chunks])))
      )
  }
}
