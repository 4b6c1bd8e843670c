/**
 * What may be shown of an operation.
 *
 * @since 0.1.0
 */
import type { SignalSet } from "../Signal.js"
import * as Signal from "../Signal.js"

/**
 * The values of an operation that may be shown: arguments of the step are only counted, and variables only named.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields = Readonly<Record<string, string | number | ReadonlyArray<string | number>>>

/**
 * Something for each operation of a family: the compiler names the one that is missing.
 *
 * @since 0.1.0
 * @category models
 */
export type Cases<Operation extends { readonly _tag: string }, A> = {
  readonly [Tag in Operation["_tag"]]: (operation: Extract<Operation, { readonly _tag: Tag }>) => A
}

/**
 * The names of signals, in the order of their numbers.
 *
 * @since 0.1.0
 * @category conversions
 */
export const signalNames = (signals: SignalSet): ReadonlyArray<string> =>
  Signal.numbers(signals).map(Signal.name)

/** JSON has no larger numbers that are exact. */
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/**
 * A number that JSON can hold, or its digits.
 *
 * @since 0.1.0
 * @category conversions
 */
export const exact = (number: bigint): number | string =>
  number > MAX_SAFE ? number.toString() : Number(number)
