/**
 * What the texts of options mean.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * `90`, `90s`, `1.5m`, `2h`: seconds unless it has a unit, as with timeout(1).
 *
 * @since 0.1.0
 * @category conversions
 */
export const parseDuration = (text: string): Option.Option<Duration.Duration> => {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? []
  return number === undefined
    ? Option.none()
    : Option.some(Duration.millis(Number(number) * (UNITS[unit] ?? 0)))
}

const parsePair = (separator: string) => (text: string): Option.Option<readonly [string, string]> => {
  const at = text.indexOf(separator)
  return at < 1 ? Option.none() : Option.some([text.slice(0, at), text.slice(at + 1)])
}

/**
 * Pairs such as `NAME=VALUE` of an option that can be repeated: none when any of them is none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parsePairs = (separator: string) => (texts: ReadonlyArray<string>) =>
  Option.all(texts.map(parsePair(separator)))

/**
 * `0,3`: whole numbers without a sign.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parseNumbers = (text: string): Option.Option<ReadonlyArray<number>> =>
  /^\d{1,9}(?:,\d{1,9})*$/.test(text) ? Option.some(text.split(",").map(Number)) : Option.none()
