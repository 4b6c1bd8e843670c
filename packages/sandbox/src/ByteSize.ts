/**
 * Sizes of memory and of data.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * A number of bytes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ByteSize = Schema.Int.annotations({ description: "a whole number of bytes" }).pipe(
  Schema.between(0, Number.MAX_SAFE_INTEGER, { description: "a number of bytes, 0 or more" }),
  Schema.brand("ByteSize")
)

/**
 * @since 0.1.0
 * @category models
 */
export type ByteSize = typeof ByteSize.Type

const UNITS = ["", "k", "m", "g", "t"]
const decode = Schema.decodeUnknownOption(ByteSize)

/**
 * The size that a text means: a number with a unit of `b`, `k`, `m`, `g` or `t`, which are powers of 1024 as with
 * `docker run --memory`. `1.5g` is a size, `512mib` and `512MB` are, too.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse = (text: string): Option.Option<ByteSize> => {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(?:b|([kmgt])(?:i?b)?)?$/i.exec(text) ?? []
  return number === undefined
    ? Option.none()
    : decode(Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase())))
}

/**
 * For people: `512 MiB`, `1.5 GiB`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const format = (bytes: number): string => {
  const power = Math.min(Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 0), UNITS.length - 1)
  const value = Math.round(bytes / 1024 ** power * 10) / 10
  return power === 0 ? `${bytes} bytes` : `${value} ${(UNITS[power] ?? "").toUpperCase()}iB`
}
