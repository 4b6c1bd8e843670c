/**
 * Running a command to the end of the process.
 *
 * @since 0.1.0
 */
import type { LauncherRecord } from "@chroot-exec/core/Inherited"
import * as Signal from "@chroot-exec/core/Signal"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { toReport } from "../chroot-exec/ChrootExec.js"
import { reportFd } from "../chroot-exec/LauncherOptions.js"
import { AGENT_FAILED, type AgentError, exitCode, isAgentError } from "../shared/AgentError.js"
import { Launcher } from "../shared/Launcher.js"
import * as Signals from "../shared/Signals.js"
import * as Stdio from "../shared/Stdio.js"

/** How the process was started. */
export interface Invocation {
  /** The arguments after the program's name. */
  readonly argv: ReadonlyArray<string>
  readonly launcher: Option.Option<LauncherRecord>
}

/** Asks for details, in any of the spellings of the option. */
const wantsDetails = (argv: ReadonlyArray<string>): boolean =>
  /--log-level[= ](all|trace|debug)\b/i.test(argv.join(" "))

/** Says in one line what went wrong, and ends the process accordingly. */
const report = ({ argv }: Invocation, cause: Cause.Cause<AgentError>): void => {
  const error = Cause.squash(cause)
  if (!isAgentError(error)) {
    const details = wantsDetails(argv)
      ? Cause.pretty(cause)
      : "please report it, with what --log-level debug shows"
    for (const line of `agent: internal error: ${details}`.split("\n")) Stdio.writeErrorLine(line)
    process.exit(AGENT_FAILED)
  }
  const fd = reportFd(argv)
  const line = Option.isSome(fd) ? toReport(error) : Option.none()
  const reported = Option.isSome(fd) && Option.isSome(line) && Stdio.writeReport(fd.value, line.value)
  // By the signal itself, so that the caller sees what happened. Nothing listens for it any more.
  if (error._tag === "Terminated") process.kill(process.pid, Signal.name(error.signal))
  else {
    if (!reported) Stdio.writeErrorLine(`agent: ${error.message}`)
    process.exit(exitCode(error))
  }
}

/**
 * Runs a command of `agent`. A failure is reported on standard error, and ends the process with its exit code.
 *
 * @since 0.1.0
 * @category operations
 */
export const runMain = (command: Effect.Effect<void, AgentError>, invocation: Invocation): void => {
  Effect.runCallback(
    Effect.zipRight(Signals.keepIgnored, command).pipe(
      Effect.provideService(Launcher, invocation.launcher),
      Effect.provide(Logger.replace(Logger.defaultLogger, Stdio.logger))
    ),
    { onExit: Exit.match({ onSuccess: () => undefined, onFailure: (cause) => report(invocation, cause) }) }
  )
}
