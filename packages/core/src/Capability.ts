/**
 * Capabilities that our plans need: capabilities(7).
 *
 * @since 0.1.0
 */

const numbers = { CAP_SYS_CHROOT: 18 } as const

/**
 * @since 0.1.0
 * @category models
 */
export type Capability = keyof typeof numbers

/**
 * A set of capabilities as the kernel keeps it and as `/proc/PID/status` shows it: one bit each.
 *
 * @since 0.1.0
 * @category models
 */
export type CapabilitySet = bigint

/**
 * @since 0.1.0
 * @category predicates
 */
export const has = (capabilities: CapabilitySet, capability: Capability): boolean =>
  (capabilities & (1n << BigInt(numbers[capability]))) !== 0n
