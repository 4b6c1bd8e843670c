/**
 * The arguments of system calls as brands: a binding checks nothing, so only checked values may reach it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A file descriptor.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fd = Schema.Int.pipe(Schema.between(0, 0x7fffffff), Schema.brand("Fd"))

/**
 * @since 0.1.0
 * @category models
 */
export type Fd = typeof Fd.Type

/**
 * The id of one process: never 0 or negative, which kill(2) and wait4(2) take for groups.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Pid = Schema.Int.pipe(Schema.between(1, 0x7fffffff), Schema.brand("Pid"))

/**
 * @since 0.1.0
 * @category models
 */
export type Pid = typeof Pid.Type

/**
 * Permission bits with set-user-id, set-group-id and sticky: 0..07777. `chmod(path, -1)` would set them all.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Mode = Schema.Int.pipe(Schema.between(0, 0o7777), Schema.brand("Mode"))

/**
 * @since 0.1.0
 * @category models
 */
export type Mode = typeof Mode.Type

/**
 * The number of a signal, 1..64. 0 would only ask kill(2) whether the process is there.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SignalNumber = Schema.Int.pipe(Schema.between(1, 64), Schema.brand("SignalNumber"))

/**
 * @since 0.1.0
 * @category models
 */
export type SignalNumber = typeof SignalNumber.Type

/**
 * A resource limit as the kernel keeps it: an unsigned 64-bit number, all bits set for no limit.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Limit = Schema.BigIntFromSelf.pipe(
  Schema.betweenBigInt(0n, 0xffff_ffff_ffff_ffffn),
  Schema.brand("Limit")
)

/**
 * @since 0.1.0
 * @category models
 */
export type Limit = typeof Limit.Type

/**
 * A resource limit: getrlimit(2).
 *
 * @since 0.1.0
 * @category models
 */
export interface ResourceLimit {
  readonly soft: Limit
  readonly hard: Limit
}
