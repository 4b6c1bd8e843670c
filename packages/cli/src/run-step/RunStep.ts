/**
 * What `agent run-step` does, without its command line.
 *
 * @since 0.1.0
 */
import { AbsolutePath, CString } from "@chroot-exec/core/CString"
import * as Root from "@chroot-exec/core/Root"
import * as LauncherProcess from "@chroot-exec/runner/LauncherProcess"
import * as LauncherThread from "@chroot-exec/runner/LauncherThread"
import { runStep, type RunStepOptions } from "@chroot-exec/runner/RunStep"
import { decodeStep } from "@chroot-exec/runner/Step"
import { stepEvents } from "@chroot-exec/runner/StepEvents"
import type { StepResult } from "@chroot-exec/runner/StepResult"
import { captureInherited } from "@chroot-exec/sys/CallerState"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type OutputFailed, UsageError } from "../shared/AgentError.js"
import { Launcher } from "../shared/Launcher.js"
import { makeLiveLine } from "../shared/LiveLine.js"
import { agentProgram } from "../shared/Program.js"
import { heard } from "../shared/Signals.js"
import * as Stdio from "../shared/Stdio.js"
import { StepCommand } from "../shared/StepCommand.js"
import * as RunStepReport from "./RunStepReport.js"

/**
 * The options, each with the form that its text has.
 *
 * @since 0.1.0
 * @category models
 */
export interface StepOptions {
  readonly root: string
  readonly copyDir: string
  readonly logDir: Option.Option<string>
  readonly package: Option.Option<string>
  readonly packageVersion: Option.Option<string>
  readonly returncodes: ReadonlyArray<number>
  readonly timeout: Option.Option<Duration.Duration>
  readonly grace: Duration.Duration
  readonly onSignal: "forward" | "finish-then-stop" | "kill"
  readonly env: ReadonlyArray<readonly [name: string, value: string]>
  readonly noChmod: boolean
  readonly launcher: "thread" | "process"
  readonly json: boolean
}

const usage = (problem: string) => new UsageError({ problem, command: "agent run-step" })

const decodePath = Schema.decodeUnknown(CString)
const decodeAbsolute = Schema.decodeUnknown(AbsolutePath)

const absolute = (option: string, path: string) =>
  Effect.mapError(decodeAbsolute(path), () => usage(`--${option} takes an absolute path inside the root`))

/** What the options say about the logs. */
const logOf = (options: StepOptions) =>
  Option.match(options.logDir, {
    onNone: () =>
      Option.isSome(options.package) || Option.isSome(options.packageVersion)
        ? usage("--package and --package-version take --log-dir, too")
        : Effect.succeed({}),
    onSome: (path) =>
      Option.isSome(options.packageVersion) && Option.isNone(options.package)
        ? usage("--package-version takes --package, too")
        : Effect.map(absolute("log-dir", path), (directory) => ({
          log: {
            directory,
            ...Option.match(options.package, { onNone: () => ({}), onSome: (name) => ({ package: name }) }),
            ...Option.match(options.packageVersion, {
              onNone: () => ({}),
              onSome: (version) => ({ version })
            })
          }
        }))
  })

/** The step and how it is run, as the options and what follows `--` say. */
const read = (options: StepOptions) =>
  Effect.gen(function*() {
    const [path, ...args] = yield* StepCommand
    if (path === undefined) return yield* usage("no step given; it follows --")
    const step = yield* decodeStep({
      path,
      arguments: args,
      returncodes: options.returncodes,
      env: Object.fromEntries(options.env),
      no_chmod: options.noChmod
    })
    const root = yield* Effect.mapError(decodePath(options.root), () => usage("--root is not a path"))
    const inherited = yield* captureInherited(yield* Launcher)
    const how: RunStepOptions = {
      root: Root.fromArgument(root),
      copyDir: yield* absolute("copy-dir", options.copyDir),
      environment: inherited.environment,
      ...Option.match(inherited.openFiles, {
        onNone: () => ({}),
        onSome: ({ soft }) => ({ openFiles: soft })
      }),
      ...(yield* logOf(options)),
      ...Option.match(options.timeout, { onNone: () => ({}), onSome: (timeout) => ({ timeout }) }),
      grace: options.grace,
      onSignal: options.onSignal,
      // The step is in a session of its own and gets none of the terminal's.
      signals: yield* heard("run-step", "hand on")
    }
    return { step, how }
  })

const launcherOf = ({ launcher }: StepOptions) =>
  launcher === "thread" ? LauncherThread.layer : LauncherProcess.layer({ agent: agentProgram() })

/** The result, after all events were printed. */
const runAsEvents = ({ how, step }: Effect.Effect.Success<ReturnType<typeof read>>) =>
  stepEvents(step, how).pipe(
    Stream.runFoldEffect(
      Option.none<StepResult>(),
      (_, event) =>
        Effect.as(
          Stdio.writeOutput(`${RunStepReport.toJson(event)}\n`),
          event._tag === "Ended" ? Option.some(event.result) : Option.none()
        )
    ),
    // The stream ends with a result or fails.
    Effect.flatMap(Effect.orDie)
  )

/** The output goes where the step's own would have gone. */
const runLive = ({ how, step }: Effect.Effect.Success<ReturnType<typeof read>>) =>
  Effect.scoped(Effect.gen(function*() {
    const live = yield* makeLiveLine(step.path)
    const sink = (fd: 1 | 2) => (bytes: Uint8Array) => live.write(fd, bytes)
    return yield* runStep<OutputFailed>(step, { ...how, stdout: sink(1), stderr: sink(2) })
  }))

/**
 * Runs the step behind `--` as the options say, and makes how it ended the agent's exit code.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (options: StepOptions) =>
  Effect.gen(function*() {
    const request = yield* read(options)
    const ran = options.json ? runAsEvents(request) : runLive(request)
    const result = yield* Effect.provide(ran, launcherOf(options))
    for (const note of RunStepReport.notes(result)) Stdio.writeErrorLine(`agent: ${note}`)
    process.exitCode = RunStepReport.exitCode(result)
  }).pipe(Effect.provide(LibcLive.layer))
