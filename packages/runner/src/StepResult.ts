/**
 * What became of a step.
 *
 * @since 0.1.0
 */
import type { ExitStatus } from "@chroot-exec/core/ExitStatus"
import type { Signal } from "@chroot-exec/core/Signal"
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type { Usage } from "./Launcher.js"

/**
 * What was read of one of its streams.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamReport {
  /** All bytes that were read. */
  readonly bytes: number
  /** Some of them were dropped: they were more than `maxBytes`. */
  readonly truncated: boolean
}

/**
 * - `status`: how it ended;
 * - `accepted`: it exited with one of the step's return codes;
 * - `timedOut`: the time limit ended it;
 * - `signal`: the last signal that the controller got meanwhile, which so far has only been passed on, or kept;
 * - `duration`: from before it was launched until after all of it had ended;
 * - `drained`: both streams came to their end; otherwise something that it had started held them open, and they were
 *   closed;
 * - `survivors`: so many processes that it had left were ended after it;
 * - `logs`: the log files, by their paths on the host.
 *
 * @since 0.1.0
 * @category models
 */
export interface StepResult {
  readonly pid: number
  readonly status: ExitStatus
  readonly accepted: boolean
  readonly timedOut: boolean
  readonly signal: Option.Option<Signal>
  readonly duration: Duration.Duration
  readonly usage: Usage
  readonly stdout: StreamReport
  readonly stderr: StreamReport
  readonly drained: boolean
  readonly survivors: number
  readonly logs: Option.Option<{ readonly stdout: string; readonly stderr: string }>
}
