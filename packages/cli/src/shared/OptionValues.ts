/**
 * What the texts of options mean.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * A kind of value.
 *
 * @since 0.1.0
 * @category models
 */
export interface Value<A> {
  /** What stands for it in the help: `time`. */
  readonly placeholder: string
  /** What an option of this kind takes, for whoever gave something else: `a time, such as 90s or 2m`. */
  readonly expects: string
  /** All that there are, when they are few. */
  readonly choices?: ReadonlyArray<string>
  readonly read: (text: string) => Option.Option<A>
}

/**
 * Any text.
 *
 * @since 0.1.0
 * @category values
 */
export const text = (placeholder: string): Value<string> => ({
  placeholder,
  expects: "a text",
  read: Option.some
})

/**
 * One of these.
 *
 * @since 0.1.0
 * @category values
 */
export const choice = <A extends string>(...choices: ReadonlyArray<A>): Value<A> => ({
  placeholder: choices.join("|"),
  expects: `one of ${choices.join(", ")}`,
  choices,
  read: (text) => Option.fromNullable(choices.find((each) => each === text))
})

/**
 * The forms in which `--dry-run` prints.
 *
 * @since 0.1.0
 * @category values
 */
export const form = choice("text", "json")

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * `90`, `90s`, `1.5m`, `2h`: seconds unless it has a unit, as with timeout(1).
 *
 * @since 0.1.0
 * @category values
 */
export const time: Value<Duration.Duration> = {
  placeholder: "time",
  expects: "a time, such as 90s or 2m",
  read: (text) => {
    const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? []
    return number === undefined
      ? Option.none()
      : Option.some(Duration.millis(Number(number) * (UNITS[unit] ?? 0)))
  }
}

/**
 * `NAME=VALUE` or the like.
 *
 * @since 0.1.0
 * @category values
 */
export const pair = (
  placeholder: string,
  separator: string
): Value<readonly [left: string, right: string]> => ({
  placeholder,
  expects: placeholder,
  read: (text) => {
    const at = text.indexOf(separator)
    return at < 1 ? Option.none() : Option.some([text.slice(0, at), text.slice(at + 1)])
  }
})

/**
 * `0,3`: whole numbers without a sign.
 *
 * @since 0.1.0
 * @category values
 */
export const exitCodes: Value<ReadonlyArray<number>> = {
  placeholder: "codes",
  expects: "exit codes, such as 0,3",
  read: (text) =>
    /^\d{1,9}(?:,\d{1,9})*$/.test(text) ? Option.some(text.split(",").map(Number)) : Option.none()
}

const numeric = (pattern: RegExp, expects: string) => (placeholder: string): Value<number> => ({
  placeholder,
  expects,
  read: (text) => pattern.test(text) ? Option.some(Number(text)) : Option.none()
})

/**
 * @since 0.1.0
 * @category values
 */
export const integer = numeric(/^[+-]?\d{1,15}$/, "a whole number")

/**
 * @since 0.1.0
 * @category values
 */
export const number = numeric(/^[+-]?\d{1,15}(?:\.\d{1,15})?$/, "a number")
