/**
 * Why a plan could not be made or carried out: one error for each kind of operation.
 *
 * A message is one line that says what failed, on what, and what to do. It never shows an argument of the step
 * or a value of its environment.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Errno from "./Errno.js"
import { quote } from "./Quote.js"
import * as Signal from "./Signal.js"

/** Where a path of the request came from, for messages. */
const Role = Schema.Literal("root", "copy_dir")

/**
 * The plan enters a root, and the process has not got the capability for that. Found before anything was done.
 *
 * @since 0.1.0
 * @category errors
 */
export class MissingCapability extends Schema.TaggedError<MissingCapability>()("MissingCapability", {
  capability: Schema.Literal("CAP_SYS_CHROOT"),
  directory: Schema.String
}) {
  override get message(): string {
    return `cannot enter root ${quote(this.directory)}: this process lacks ${this.capability}; `
      + `run as root or with that capability, or give "local" to run without a chroot`
  }
}

/**
 * chroot(2) failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ChrootFailed extends Schema.TaggedError<ChrootFailed>()("ChrootFailed", {
  directory: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot enter root ${quote(this.directory)}: ${Errno.describe(this.errno)}`
      + (Errno.is(this.errno, "EPERM") ? "; chroot(2) needs CAP_SYS_CHROOT" : "; check <chroot-dir>")
  }
}

/**
 * A directory of the request cannot be worked in: it is missing, no directory, or not to be entered.
 *
 * @since 0.1.0
 * @category errors
 */
export class DirectoryUnusable extends Schema.TaggedError<DirectoryUnusable>()("DirectoryUnusable", {
  role: Role,
  path: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot work in ${this.role} ${quote(this.path)}: ${Errno.describe(this.errno)}; `
      + "it must be a directory inside the root"
  }
}

/**
 * There is no such command: no file at its path, none of its name on PATH, or the interpreter that its first
 * line names is missing.
 *
 * @since 0.1.0
 * @category errors
 */
export class CommandNotFound extends Schema.TaggedError<CommandNotFound>()("CommandNotFound", {
  command: Schema.String,
  reason: Schema.Literal("NoFile", "NotOnPath", "NoInterpreter")
}) {
  override get message(): string {
    const command = quote(this.command)
    switch (this.reason) {
      case "NoFile":
        return `command ${command} not found: there is no such file inside the root`
      case "NotOnPath":
        return `command ${command} not found on PATH inside the root; give its path, or set PATH in env`
      case "NoInterpreter":
        return `command ${command} cannot start: its interpreter or loader is not inside the root`
    }
  }
}

/**
 * The command is there and cannot be executed.
 *
 * @since 0.1.0
 * @category errors
 */
export class CommandNotExecutable extends Schema.TaggedError<CommandNotExecutable>()("CommandNotExecutable", {
  command: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `command ${quote(this.command)} cannot be executed: ${this.detail}`
  }

  private get detail(): string {
    switch (this.errno) {
      case "EACCES":
        return "permission denied; check its execute bits (no_chmod leaves them alone) and those of its directories"
      case "ENOEXEC":
        return "it is no program and has no interpreter line; begin a script with one, such as #!/bin/sh"
      case "E2BIG":
        return "its arguments and environment are larger than the kernel takes"
      default:
        return Errno.describe(this.errno)
    }
  }
}

/**
 * Why a command whose file was found is not executed: execve(2) failed with this errno.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromExecve = (command: string, errno: Errno.Errno): CommandNotExecutable | CommandNotFound =>
  // The file is there, so that what is absent is the interpreter of a script, or the loader of a program.
  Errno.is(errno, "ENOENT")
    ? new CommandNotFound({ command, reason: "NoInterpreter" })
    : new CommandNotExecutable({ command, errno })

/**
 * The command's execute bits could not be set.
 *
 * @since 0.1.0
 * @category errors
 */
export class ChmodFailed extends Schema.TaggedError<ChmodFailed>()("ChmodFailed", {
  path: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot make ${quote(this.path)} executable: ${
      Errno.describe(this.errno)
    }; set its mode or "no_chmod": true`
  }
}

/**
 * The variables of the root could not be read, because `env` is missing there, does not run, or prints more
 * than any environment holds.
 *
 * @since 0.1.0
 * @category errors
 */
export class EnvironmentUnreadable
  extends Schema.TaggedError<EnvironmentUnreadable>()("EnvironmentUnreadable", {
    reason: Schema.Literal("NotFound", "NotExecutable", "TooLarge", "NoNull", "SystemCall"),
    errno: Schema.optionalWith(Errno.Errno, { as: "Option" })
  })
{
  override get message(): string {
    const detail = this.errno._tag === "Some" ? `: ${Errno.describe(this.errno.value)}` : ""
    switch (this.reason) {
      case "NotFound":
        return "cannot read the root's environment: there is no command env on PATH inside the root; install one there"
      case "NotExecutable":
        return `cannot read the root's environment: its command env does not run${detail}`
      case "TooLarge":
        return "cannot read the root's environment: its command env prints more than an environment can hold"
      case "NoNull":
        return `cannot open /dev/null, the input of the root's command env${detail}; the agent needs it in its own root`
      case "SystemCall":
        return `cannot read the root's environment${detail}`
    }
  }
}

/**
 * Something of the caller's that the step must inherit could not be put back.
 *
 * @since 0.1.0
 * @category errors
 */
export class RestoreFailed extends Schema.TaggedError<RestoreFailed>()("RestoreFailed", {
  what: Schema.Literal(
    "descriptors",
    "standard descriptors",
    "signals",
    "limit of open files",
    "process group",
    "death with the parent"
  ),
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot hand the ${this.what} of the caller to the step: ${Errno.describe(this.errno)}`
  }
}

/**
 * The process got no surroundings of its own.
 *
 * @since 0.1.0
 * @category errors
 */
export class NamespaceFailed extends Schema.TaggedError<NamespaceFailed>()("NamespaceFailed", {
  /** The kinds of namespaces that were to be made, or what was to be changed in them. */
  what: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `no namespaces for the step (${this.what}): ${Errno.describe(this.errno)}`
      + (Errno.is(this.errno, "EPERM", "ENOSPC")
        ? "; see whether this system lets users make user namespaces, or run as root"
        : "")
  }
}

/**
 * Something could not be mounted, changed or unmounted.
 *
 * @since 0.1.0
 * @category errors
 */
export class MountFailed extends Schema.TaggedError<MountFailed>()("MountFailed", {
  operation: Schema.Literal("mount", "mount_setattr", "pivot_root", "umount"),
  target: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `${this.operation} of ${quote(this.target)} for the step failed: ${Errno.describe(this.errno)}`
  }
}

/**
 * A file of the kernel's does not take what was to be written to it.
 *
 * @since 0.1.0
 * @category errors
 */
export class WriteFailed extends Schema.TaggedError<WriteFailed>()("WriteFailed", {
  path: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot write to ${quote(this.path)} for the step: ${Errno.describe(this.errno)}`
  }
}

/**
 * The step did not get the user, or could not be made to lose the privileges, that it was to.
 *
 * @since 0.1.0
 * @category errors
 */
export class CredentialsFailed extends Schema.TaggedError<CredentialsFailed>()("CredentialsFailed", {
  what: Schema.Literal("capabilities", "groups", "no new privileges", "user"),
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot set the step's ${this.what}: ${Errno.describe(this.errno)}`
  }
}

/**
 * A signal that ends the agent arrived before the step started. What had been started is gone; the agent dies
 * by the same signal.
 *
 * @since 0.1.0
 * @category errors
 */
export class Terminated extends Schema.TaggedError<Terminated>()("Terminated", {
  signal: Schema.Int
}) {
  override get message(): string {
    return `ended by ${Signal.name(this.signal)} before the step started`
  }
}

/**
 * Everything that can go wrong between a plan and a running step; it can be passed to another thread or process.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExecError = Schema.Union(
  ChmodFailed,
  ChrootFailed,
  CommandNotExecutable,
  CommandNotFound,
  CredentialsFailed,
  DirectoryUnusable,
  EnvironmentUnreadable,
  MountFailed,
  NamespaceFailed,
  RestoreFailed,
  Terminated,
  WriteFailed
)

/**
 * @since 0.1.0
 * @category errors
 */
export type ExecError = typeof ExecError.Type
