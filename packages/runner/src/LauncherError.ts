/**
 * Why a launcher could not start a step, where that is not about the step.
 *
 * @since 0.1.0
 */
import * as Errno from "@chroot-exec/core/Errno"
import type { ExecError, MissingCapability } from "@chroot-exec/core/ExecError"
import * as Schema from "effect/Schema"

/**
 * The launcher itself failed. `what`:
 *
 * - `thread`: the launcher's thread could not be made, has died, or could not return to its root;
 * - `supervisor`: the program that is the parent of the step could not be started, could not do its work, or has died;
 * - `descriptors`: no pipes or sockets for the step;
 * - `control file`: it could not be written to memory;
 * - `agent`: `agent chroot-exec` could not be started, or ended before it had become the step for no reason of the step's.
 *
 * @since 0.1.0
 * @category errors
 */
export class LauncherFailed extends Schema.TaggedError<LauncherFailed>()("LauncherFailed", {
  what: Schema.Literal("thread", "supervisor", "descriptors", "control file", "agent"),
  errno: Schema.optionalWith(Errno.Errno, { as: "Option", exact: true })
}) {
  override get message(): string {
    const detail = this.errno._tag === "Some" ? `: ${Errno.describe(this.errno.value)}` : ""
    switch (this.what) {
      case "thread":
        return `the launcher's thread has failed${detail}; the step was not run, or was ended`
      case "supervisor":
        return `the supervisor of the step has failed${detail}; /proc must be mounted, and the installation complete`
      case "descriptors":
        return `no pipes for the step${detail}; check the limit of open files`
      case "control file":
        return `cannot hand over the step's control file${detail}; check the memory that is left`
      case "agent":
        return `agent chroot-exec has not become the step${detail}; check that it runs by itself`
    }
  }
}

/**
 * The step cannot be launched as it was asked for: text with a NUL or a lone surrogate, or a name with `=`, is none that
 * the kernel can take. `problems` says where, all of it; it has no value.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestInvalid extends Schema.TaggedError<RequestInvalid>()("RequestInvalid", {
  problems: Schema.NonEmptyArray(Schema.String)
}) {
  override get message(): string {
    return `the step cannot be launched: ${
      this.problems.join(", ")
    } must be text without NULs and lone surrogates, `
      + "and names without \"=\""
  }
}

/**
 * Not all that descends from the step could be ended: a process hangs in the kernel, belongs to another user, or has
 * stopped or killed what was to end it. What is left descends from the process `pid`.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepNotEnded extends Schema.TaggedError<StepNotEnded>()("StepNotEnded", {
  pid: Schema.Int
}) {
  override get message(): string {
    return `the step, process ${this.pid}, or something that it has started could not be ended; look for it, `
      + "and end it by hand"
  }
}

/**
 * Everything by which launching a step can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type LaunchError = ExecError | LauncherFailed | MissingCapability | RequestInvalid | StepNotEnded
