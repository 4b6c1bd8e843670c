/**
 * Running a command once in a container of its own, and leaving nothing behind.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as Take from "effect/Take"
import { randomBytes } from "node:crypto"
import * as Artifacts from "./Artifacts.js"
import { type ContainerState, type CreateRequest, Engine, type Labels, type Stats } from "./Engine.js"
import { ensureImage } from "./ImagePull.js"
import { filling } from "./InputTar.js"
import { type Ended, runCommand } from "./internal/command.js"
import { expiry, unlessExpired } from "./internal/expiry.js"
import { checkMounts } from "./internal/mounts.js"
import { owned } from "./internal/owned.js"
import { decodeJob, type Job, type JobInput, layoutOf } from "./Job.js"
import * as Output from "./Output.js"
import * as Owner from "./Owner.js"
import * as Requests from "./Requests.js"
import type { Event, Result, Usage } from "./Result.js"
import { ArtifactsLate } from "./ResultError.js"
import type { SandboxError } from "./SandboxError.js"
import { sweep } from "./Sweep.js"

type Emit = (event: Event) => Effect.Effect<void>

/** How long bringing back the artifacts may take once the command has ended. */
const COLLECT_LIMIT = Duration.minutes(5)

const ownedContainer = (name: string, request: CreateRequest) =>
  Effect.flatMap(
    Engine,
    ({ containerCreate, containerDelete }) =>
      owned(`container ${name}`, containerCreate(name, request), containerDelete(name))
  )

const ownedVolume = (name: string, labels: Labels) =>
  Effect.flatMap(
    Engine,
    ({ volumeCreate, volumeDelete }) =>
      owned(`volume ${name}`, volumeCreate(name, labels), volumeDelete(name))
  )

/** Fills the volumes through a container that has them mounted, and that goes again. */
const fillVolumes = (job: Job, names: Requests.Names, labels: Labels, imageVolumes: ReadonlyArray<string>) =>
  Effect.scoped(Effect.gen(function*() {
    const engine = yield* Engine
    yield* ownedContainer(names.filler, Requests.fillerRequest(job, names, labels, imageVolumes))
    const archive = filling({
      input: job.inputTar,
      inputDirectory: job.inputDirectory,
      layout: layoutOf(job),
      limit: job.limits.input
    })
    yield* engine.putContainerArchive(names.filler, "/", archive)
  }))

/** Everything up to the container that is only to be started. */
const prepare = (job: Job, names: Requests.Names, labels: Labels, emit: Emit) =>
  Effect.gen(function*() {
    yield* checkMounts(job.mounts, yield* Engine)
    // What others left is not this run's trouble.
    yield* Effect.catchAll(sweep, (error) => Effect.logDebug(`sweep: ${error.message}`))
    const imageVolumes = yield* ensureImage(job.image, emit)
    for (const { name } of names.volumes) yield* ownedVolume(name, labels)
    if (names.volumes.length > 0) yield* fillVolumes(job, names, labels, imageVolumes)
    yield* ownedContainer(names.container, Requests.runRequest(job, names, labels, imageVolumes))
  })

const noUsage: Usage = { duration: Duration.zero, cpu: Option.none(), peakMemory: Option.none() }

/** The time limit was over before the command was started. */
const notStarted = (job: Job): Result => ({
  exitCode: Option.none(),
  timedOut: true,
  oomKilled: false,
  output: Output.empty,
  artifacts: Artifacts.none(job.collect, "NotStarted"),
  usage: noUsage
})

const usageOf = ({ FinishedAt, StartedAt }: ContainerState, stats: Option.Option<Stats>): Usage => ({
  duration: Option.match(Option.all([DateTime.make(StartedAt), DateTime.make(FinishedAt)]), {
    onNone: () => Duration.zero,
    onSome: ([start, end]) => DateTime.distanceDuration(start, end)
  }),
  cpu: Option.map(
    stats,
    ({ cpu_stats }) => Duration.nanos(BigInt(Math.round(cpu_stats.cpu_usage.total_usage)))
  ),
  peakMemory: Option.flatMapNullable(
    stats,
    ({ memory_stats }) => memory_stats.max_usage ?? memory_stats.usage
  )
})

const collectArtifacts = (job: Job, { container, volumes }: Requests.Names) =>
  Artifacts.collect(container, job.collect, {
    volumes: volumes.map(({ target }) => target),
    limit: job.limits.artifact
  }).pipe(
    Effect.timeoutFail({
      duration: COLLECT_LIMIT,
      onTimeout: () => new ArtifactsLate({ container, limit: COLLECT_LIMIT })
    })
  )

/** What is known once the command has ended. */
const conclude = (job: Job, names: Requests.Names, { exitCode, output, stats, timedOut }: Ended) =>
  Effect.gen(function*() {
    if (Option.isNone(exitCode)) {
      return { ...notStarted(job), output, artifacts: Artifacts.none(job.collect, "StillRunning") }
    }
    const engine = yield* Engine
    const state = yield* engine.containerInspect(names.container)
    const artifacts = yield* collectArtifacts(job, names)
    return { exitCode, timedOut, oomKilled: state.OOMKilled, output, artifacts, usage: usageOf(state, stats) }
  })

const execute = (job: Job, emit: Emit): Effect.Effect<Result, SandboxError, Engine> =>
  Effect.scoped(Effect.gen(function*() {
    const expired = yield* expiry(job.limits.timeout)
    const run = randomBytes(8).toString("hex")
    const names = Requests.names(run, layoutOf(job))
    const labels = yield* Owner.labels(run, job.labels)
    const prepared = yield* unlessExpired(prepare(job, names, labels, emit), expired)
    if (Option.isNone(prepared)) return notStarted(job)
    const ended = yield* runCommand(names.container, job, emit, expired)
    return Option.isNone(ended) ? notStarted(job) : yield* conclude(job, names, ended.value)
  }))

/**
 * Runs the job's command to its end, or to its time limit, and removes everything that was made for it before it returns:
 * on success, on failure and on interruption.
 *
 * However the command ends, that is a `Result`. A `SandboxError` means that it could not be run, or that how it ended
 * could not be told.
 *
 * @since 0.1.0
 * @category operations
 */
export const runOnce = (job: JobInput): Effect.Effect<Result, SandboxError, Engine> =>
  Effect.flatMap(decodeJob(job), (decoded) => execute(decoded, () => Effect.void)).pipe(
    Effect.withSpan("Sandbox.runOnce")
  )

/**
 * The last event of a run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finished {
  readonly _tag: "Finished"
  readonly result: Result
}

/** Events that may wait for a reader. When there are so many, no more output is read, and the command has to wait. */
const AHEAD = 16

/**
 * `runStream` of a job that is decoded already.
 *
 * @since 0.1.0
 * @category operations
 */
export const runJob = (job: Job): Stream.Stream<Event | Finished, SandboxError, Engine> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const queue = yield* Effect.acquireRelease(
      Queue.bounded<Take.Take<Event | Finished, SandboxError>>(AHEAD),
      Queue.shutdown
    )
    yield* execute(job, (event) => Queue.offer(queue, Take.of(event))).pipe(
      Effect.matchCauseEffect({
        onFailure: (cause) => Queue.offer(queue, Take.failCause(cause)),
        onSuccess: (result) =>
          Queue.offerAll(queue, [Take.of<Event | Finished>({ _tag: "Finished", result }), Take.end])
      }),
      Effect.forkScoped
    )
    return Stream.flattenTake(Stream.fromQueue(queue))
  }))

/**
 * `runOnce` with what happens, as it happens; the last event is `Finished`. A reader that is slow slows the command down,
 * as a pipe does; one that stops reading ends the run.
 *
 * @since 0.1.0
 * @category operations
 */
export const runStream = (job: JobInput): Stream.Stream<Event | Finished, SandboxError, Engine> =>
  Stream.unwrap(Effect.map(decodeJob(job), runJob))
