/**
 * Running a step to its end.
 *
 * @since 0.1.0
 */
import type * as CString from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import { quote } from "@chroot-exec/core/Quote"
import type { Root } from "@chroot-exec/core/Root"
import type { Signal } from "@chroot-exec/core/Signal"
import type { SyscallError } from "@chroot-exec/sys/Libc"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { hearSignals } from "./ControllerSignals.js"
import { type Ended, Launcher, type RunningStep } from "./Launcher.js"
import type { LauncherFailed, LaunchError, StepNotEnded } from "./LauncherError.js"
import * as LogFiles from "./LogFiles.js"
import * as LogWriter from "./LogWriter.js"
import { type MissingVariables, type Step, toControlFile } from "./Step.js"
import type { StepResult } from "./StepResult.js"
import * as Tee from "./Tee.js"

/**
 * Takes output, piece by piece and in order: the next piece is read once this one has been taken. It may keep the bytes.
 *
 * @since 0.1.0
 * @category models
 */
export type OutputSink<E, R> = (bytes: Uint8Array) => Effect.Effect<void, E, R>

/**
 * How a step is run. What is not given is left out, or has the default in brackets.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunStepOptions<E = never, R = never> {
  readonly root: Root
  /** Where the package is, inside the root: its steps are below `{copyDir}/skyhook_dir`. */
  readonly copyDir: CString.AbsolutePath
  /** The container's environment. */
  readonly environment: Environment
  /** The step's soft limit of open files [that of this process, which Node raises]. */
  readonly openFiles?: bigint
  /** Log files below `{root}{directory}/{package}/{version}`. */
  readonly log?: {
    readonly directory: CString.AbsolutePath
    readonly package?: string
    readonly version?: string
  }
  /** After this time the step is ended: SIGTERM to its process group, `grace`, SIGKILL to all that descends from it. */
  readonly timeout?: Duration.DurationInput
  /** [10 seconds] */
  readonly grace?: Duration.DurationInput
  /** How long the streams are read after the step has ended, when something keeps them open [2 seconds]. */
  readonly drain?: Duration.DurationInput
  /** So many bytes of each stream are passed on; the rest is read and dropped. */
  readonly maxBytes?: number
  /** [empty] */
  readonly stdin?: Stream.Stream<Uint8Array, E, R>
  readonly stdout?: OutputSink<E, R>
  readonly stderr?: OutputSink<E, R>
  /** Called once the step runs. */
  readonly onStart?: (pid: number) => Effect.Effect<void, E, R>
  /**
   * What a signal to this process does [`forward`]:
   *
   * - `forward`: the step's process group gets it;
   * - `finish-then-stop`: nothing, the step may finish;
   * - `kill`: the step is ended at once, with all that descends from it.
   *
   * One more ends the step at once: when it may finish, and when it has been asked to end since its time is over.
   *
   * The process itself goes on either way; `StepResult.signal` tells it to stop.
   */
  readonly onSignal?: "forward" | "finish-then-stop" | "kill"
  /** The signals that this is about [SIGTERM]. */
  readonly signals?: ReadonlyArray<Signal>
  /** What happens to processes that the step has left [`end`]. */
  readonly survivors?: "end" | "leave"
}

/**
 * The step ran and ended, but its log is not whole: a log file could not be written, and ends where that began.
 *
 * @since 0.1.0
 * @category errors
 */
export class LogIncomplete extends Schema.TaggedError<LogIncomplete>()("LogIncomplete", {
  file: Schema.String,
  errno: Errno.Errno,
  status: ExitStatus.ExitStatus
}) {
  override get message(): string {
    return `log file ${quote(this.file)} is incomplete: ${Errno.describe(this.errno)}; the step ended with ${
      ExitStatus.describe(this.status)
    }`
  }
}

/**
 * Everything by which running a step can fail, besides its sinks and its input.
 *
 * @since 0.1.0
 * @category errors
 */
export type RunStepError = LaunchError | LogFiles.LogFailed | LogIncomplete | MissingVariables | SyscallError

const GRACE = Duration.seconds(10)
const DRAIN = Duration.seconds(2)
const DISCARDED = 64 * 1024

/** Reads and drops, so that a step that is being ended can still say something. */
const discard = ({ stderr, stdout }: RunningStep) => {
  const buffer = new Uint8Array(DISCARDED)
  const drop = (read: RunningStep["stdout"]) => Effect.repeat(read(buffer), { until: (count) => count === 0 })
  return Effect.zipRight(
    Effect.ignore(Effect.all([drop(stdout), drop(stderr)], { concurrency: 2 })),
    Effect.never
  )
}

/** SIGTERM, the grace period, SIGKILL. */
const terminate = (running: RunningStep, grace: Duration.DurationInput) =>
  Effect.gen(function*() {
    yield* running.signal("SIGTERM")
    yield* Effect.raceFirst(Effect.ignore(running.ended), Effect.sleep(grace))
    yield* running.end
  })

/** Waits for the end of the step, which a time limit may bring about: `asked` then learns that it is to end. */
const waitForEnd = <E, R>(
  running: RunningStep,
  { grace = GRACE, timeout }: RunStepOptions<E, R>,
  asked: Effect.Effect<void>
): Effect.Effect<Ended & { readonly timedOut: boolean }, LauncherFailed | StepNotEnded> =>
  Effect.gen(function*() {
    const within = timeout === undefined
      ? Effect.asSome(running.ended)
      : Effect.timeoutOption(running.ended, timeout)
    const ended = yield* within
    if (Option.isNone(ended)) yield* Effect.zipRight(asked, terminate(running, grace))
    return { ...(yield* running.ended), timedOut: Option.isNone(ended) }
  })

/** Writes the input and closes it. A step that does not read all of it is no failure. */
const feed = <E, R>(running: RunningStep, input: Stream.Stream<Uint8Array, E, R>) =>
  input.pipe(
    Stream.mapEffect(running.write),
    Stream.takeWhile((taken) => taken),
    Stream.runDrain,
    Effect.ensuring(running.closeInput)
  )

const openLogs = <E, R>(step: Step, { log, root }: RunStepOptions<E, R>) =>
  log === undefined ?
    Effect.succeedNone :
    Effect.flatMap(Clock.currentTimeMillis, (epochMillis) =>
      Effect.asSome(LogFiles.open({
        root: root._tag === "Local" ? "/" : root.path,
        logDir: log.directory,
        package: Option.fromNullable(log.package),
        version: Option.fromNullable(log.version),
        path: step.path,
        epochMillis
      })))

/**
 * The signals that arrive while the scope is open, the last of which is told, and what is done about each. Once the step
 * is to end, by one of them or because it has been `asked`, the next one does not wait for it.
 */
const obeySignals = <E, R>(
  running: RunningStep,
  { onSignal = "forward", signals = ["SIGTERM"] }: RunStepOptions<E, R>
): Effect.Effect<
  { readonly asked: Effect.Effect<void>; readonly last: () => Option.Option<Signal> },
  never,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const fork = Runtime.runFork(yield* Effect.runtime())
    let last: Option.Option<Signal> = Option.none()
    let hurries = onSignal === "kill"
    yield* hearSignals(signals, (signal) => {
      last = Option.some(signal)
      if (hurries) fork(running.end)
      else if (onSignal === "forward") fork(running.signal(signal))
      else hurries = true
    })
    const asked = Effect.sync(() => {
      hurries = true
    })
    return { asked, last: () => last }
  })

/**
 * Runs a step and tells how it ended. An exit code that is not among its return codes, a signal and a time limit are
 * results, not failures.
 *
 * Fails when there was no step (`LaunchError`, `MissingVariables`, `LogFailed`); when its log is not whole
 * (`LogIncomplete`: the step ended all the same); when a stream cannot be read (`SyscallError`); and with what a sink or
 * the input fails with. Failure and interruption end the step: SIGTERM to its process group, the grace period, SIGKILL
 * to all that descends from it, wherever it has gone.
 *
 * @since 0.1.0
 * @category operations
 */
export const runStep = Effect.fn("RunStep.runStep")(
  function*<E = never, R = never>(step: Step, options: RunStepOptions<E, R>) {
    const { grace = GRACE, maxBytes, survivors = "end" } = options
    const began = yield* Clock.currentTimeNanos
    const control = yield* toControlFile(step, options)
    const logs = yield* openLogs(step, options)
    const launcher = yield* Launcher
    const running = yield* launcher.launch({
      control,
      root: options.root,
      environment: options.environment,
      openFiles: Option.fromNullable(options.openFiles),
      stdin: options.stdin === undefined ? "empty" : "pipe"
    })
    let over = false
    // In a fiber of its own: one that has been interrupted cannot wait for one thing or another any more.
    const stop = Effect.raceFirst(terminate(running, grace), discard(running)).pipe(
      Effect.interruptible,
      Effect.forkDaemon,
      Effect.flatMap(Fiber.await)
    )
    yield* Effect.addFinalizer(() => Effect.unless(stop, () => over))
    const signals = yield* obeySignals(running, options)
    if (options.onStart !== undefined) yield* options.onStart(running.pid)

    const pump = (name: "stdout" | "stderr", label: "[out]" | "[err]") =>
      Tee.make({
        read: running[name],
        label,
        log: Option.map(logs, (files) => LogWriter.make(files[name])),
        sink: Option.fromNullable(options[name]),
        maxBytes: Option.fromNullable(maxBytes)
      })
    const [stdout, stderr] = [pump("stdout", "[out]"), pump("stderr", "[err]")]
    const reading = yield* Effect.forkScoped(
      Effect.all([stdout.run, stderr.run], { concurrency: 2, discard: true })
    )
    const feeding = options.stdin === undefined ? Effect.void : feed(running, options.stdin)

    // A sink or an input that fails ends the step; that they come to their end does not.
    const failure = Effect.zipRight(
      Effect.all([Fiber.join(reading), feeding], { concurrency: 2 }),
      Effect.never
    )
    const ended = yield* Effect.raceFirst(waitForEnd(running, options, signals.asked), failure)
    const drained = yield* Effect.timeoutOption(Fiber.join(reading), options.drain ?? DRAIN)
    if (Option.isNone(drained)) yield* Fiber.interrupt(reading)
    yield* survivors === "end" ? running.end : running.leave
    const survived = yield* running.gone
    over = true

    const [out, err] = [stdout.report(), stderr.report()]
    const broken = Option.orElse(out.logFailed, () => err.logFailed)
    if (Option.isSome(broken)) {
      const { errno, file } = broken.value
      return yield* new LogIncomplete({ file, errno, status: ended.status })
    }
    const result: StepResult = {
      pid: running.pid,
      status: ended.status,
      accepted: ended.status._tag === "Exited" && step.returncodes.includes(ended.status.code),
      timedOut: ended.timedOut,
      signal: signals.last(),
      duration: Duration.nanos((yield* Clock.currentTimeNanos) - began),
      usage: ended.usage,
      stdout: { bytes: out.bytes, truncated: out.truncated },
      stderr: { bytes: err.bytes, truncated: err.truncated },
      drained: Option.isSome(drained),
      survivors: survived,
      logs: Option.map(logs, (files) => ({ stdout: files.stdout.path, stderr: files.stderr.path }))
    }
    return result
  },
  Effect.scoped
)
