/**
 * Starting steps: the service, whichever way it is done.
 *
 * @since 0.1.0
 */
import type { ControlFile } from "@chroot-exec/core/ControlFile"
import type { Environment } from "@chroot-exec/core/Environment"
import type { ExitStatus } from "@chroot-exec/core/ExitStatus"
import type { Root } from "@chroot-exec/core/Root"
import type { Signal } from "@chroot-exec/core/Signal"
import type { SyscallError } from "@chroot-exec/sys/Libc"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { LauncherFailed, LaunchError, StepNotEnded } from "./LauncherError.js"

/**
 * A step to be launched.
 *
 * @since 0.1.0
 * @category models
 */
export interface LaunchRequest {
  /** What `agent chroot-exec` would get as its control file. */
  readonly control: ControlFile
  readonly root: Root
  /** The container's environment, which the root's and the control file's overwrite. */
  readonly environment: Environment
  /** The step's soft limit of open files; none for that of this process. */
  readonly openFiles: Option.Option<bigint>
  /** `empty`: `/dev/null`; `pipe`: what is written to `RunningStep.stdin`. */
  readonly stdin: "empty" | "pipe"
}

/**
 * What a process has used, as wait4(2) tells it: its own use, and that of the children that it has waited for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  /** Time in user mode. */
  readonly user: Duration.Duration
  /** Time in the kernel. */
  readonly system: Duration.Duration
  /** The largest resident set of one process, in bytes. */
  readonly peakMemory: number
}

/**
 * How a step ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ended {
  readonly status: ExitStatus
  readonly usage: Usage
}

/**
 * A step that runs. When its scope is closed it is ended, with all that descends from it.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunningStep {
  readonly pid: number
  /**
   * The next bytes of standard output into a buffer; waits for some. Their number, 0 once all writers have closed it.
   */
  readonly stdout: (buffer: Uint8Array) => Effect.Effect<number, SyscallError>
  /** The same of standard error. */
  readonly stderr: (buffer: Uint8Array) => Effect.Effect<number, SyscallError>
  /**
   * Writes to standard input, when it is a pipe, as fast as the step reads. False once nobody reads it any more.
   */
  readonly write: (bytes: Uint8Array) => Effect.Effect<boolean, SyscallError>
  /** The end of standard input. */
  readonly closeInput: Effect.Effect<void>
  /** Waits for the step itself; what it has started may still run. */
  readonly ended: Effect.Effect<Ended, LauncherFailed>
  /** Sends a signal to the step's process group, unless the step has ended. */
  readonly signal: (signal: Signal) => Effect.Effect<void>
  /**
   * Ends the step, if it has not ended, and all that descends from it, with SIGKILL; waits until all is gone, or half a
   * minute.
   */
  readonly end: Effect.Effect<void, StepNotEnded>
  /** Waits until nothing is left that descends from the step, and tells how many processes `end` had to end for that. */
  readonly gone: Effect.Effect<number, StepNotEnded>
  /** Lets what the step has started run on after it. Nobody looks after it then. */
  readonly leave: Effect.Effect<void>
}

/**
 * `launch` returns once execve(2) has succeeded, and fails with a typed error when there is no step. An error of the
 * step's plan is the same whichever way the step is launched.
 *
 * @since 0.1.0
 * @category context
 */
export class Launcher extends Context.Tag("@chroot-exec/runner/Launcher")<Launcher, {
  readonly launch: (request: LaunchRequest) => Effect.Effect<RunningStep, LaunchError, Scope.Scope>
}>() {}
