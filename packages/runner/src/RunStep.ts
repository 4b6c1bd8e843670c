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
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { endWithScope, waitForEnd } from "./internal/runStep/end.js"
import { obeySignals, type OnSignal } from "./internal/runStep/signals.js"
import { passOn } from "./internal/runStep/streams.js"
import { Launcher } from "./Launcher.js"
import type { LaunchError } from "./LauncherError.js"
import * as LogFiles from "./LogFiles.js"
import { type MissingVariables, type Step, toControlFile } from "./Step.js"
import type { StepResult, StreamReport } from "./StepResult.js"
import type * as Tee from "./Tee.js"

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
  readonly onSignal?: OnSignal
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

/** Launches the step; its logs are there before it is. */
const launch = <E, R>(step: Step, options: RunStepOptions<E, R>) =>
  Effect.gen(function*() {
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
    return { logs, running }
  })

type Reports = { readonly [Name in "stdout" | "stderr"]: Tee.TeeReport }

/** Fails when a log is not whole. */
const ensureLogged = ({ stderr, stdout }: Reports, status: ExitStatus.ExitStatus) =>
  Option.match(Option.orElse(stdout.logFailed, () => stderr.logFailed), {
    onNone: () => Effect.void,
    onSome: ({ errno, file }) => new LogIncomplete({ file, errno, status })
  })

const streamReport = ({ bytes, truncated }: Tee.TeeReport): StreamReport => ({ bytes, truncated })

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
    const { drain, grace = GRACE, onSignal = "forward", signals = ["SIGTERM"], survivors = "end", timeout } =
      options
    const began = yield* Clock.currentTimeNanos
    const { logs, running } = yield* launch(step, options)
    const setOver = yield* endWithScope(running, grace)
    const { asked, last } = yield* obeySignals(running, onSignal, signals)
    if (options.onStart !== undefined) yield* options.onStart(running.pid)

    const streams = yield* passOn(running, logs, options)
    const { status, timedOut, usage } = yield* Effect.raceFirst(
      waitForEnd(running, grace, timeout, asked),
      streams.failure
    )
    const drained = yield* streams.drain(drain)
    yield* survivors === "end" ? running.end : running.leave
    const survived = yield* running.gone
    setOver()

    const reports = streams.reports()
    yield* ensureLogged(reports, status)
    const result: StepResult = {
      pid: running.pid,
      status,
      accepted: status._tag === "Exited" && step.returncodes.includes(status.code),
      timedOut,
      signal: last(),
      duration: Duration.nanos((yield* Clock.currentTimeNanos) - began),
      usage,
      stdout: streamReport(reports.stdout),
      stderr: streamReport(reports.stderr),
      drained,
      survivors: survived,
      logs: Option.map(logs, ({ stderr, stdout }) => ({ stdout: stdout.path, stderr: stderr.path }))
    }
    return result
  },
  Effect.scoped
)
