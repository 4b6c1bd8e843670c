/**
 * How a process ended.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Signal from "./Signal.js"

/**
 * It called exit(3) with this code, 0..255.
 *
 * @since 0.1.0
 * @category models
 */
export class Exited extends Schema.TaggedClass<Exited>()("Exited", {
  code: Schema.Int.pipe(Schema.between(0, 255))
}) {}

/**
 * A signal killed it.
 *
 * @since 0.1.0
 * @category models
 */
export class Signaled extends Schema.TaggedClass<Signaled>()("Signaled", {
  /** The signal's number, 1..64. */
  signal: Schema.Int.pipe(Schema.between(1, 64)),
  coreDumped: Schema.Boolean
}) {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ExitStatus = Schema.Union(Exited, Signaled)

/**
 * @since 0.1.0
 * @category models
 */
export type ExitStatus = typeof ExitStatus.Type

/**
 * The meaning of a status word of wait(2) for a child that has ended: `WIFEXITED`, `WEXITSTATUS`, `WTERMSIG`
 * and `WCOREDUMP` of wait(2).
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromWaitStatus = (status: number): ExitStatus =>
  (status & 0x7f) === 0
    ? new Exited({ code: (status >> 8) & 0xff })
    : new Signaled({ signal: status & 0x7f, coreDumped: (status & 0x80) !== 0 })

/**
 * The code by which a spawned command's end is passed on: its own, or 128 + N after signal N, as shells do.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toExitCode = (status: ExitStatus): number =>
  status._tag === "Exited" ? status.code : 128 + status.signal

/**
 * For people: `exit code 3`, `killed by SIGKILL`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const describe = (status: ExitStatus): string =>
  status._tag === "Exited"
    ? `exit code ${status.code}`
    : `killed by ${Signal.name(status.signal)}${status.coreDumped ? " (core dumped)" : ""}`
