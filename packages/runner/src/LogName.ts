/**
 * The names of log files, as Skyhook gives them.
 *
 * @since 0.1.0
 */

/**
 * UTC, `%Y-%m-%d-%H%M%S`: `2026-11-24-201524`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const timestamp = (epochMillis: number): string =>
  // @effect-diagnostics-next-line effect/globalDate:off
  new Date(epochMillis).toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "")

/**
 * What both files of a step have in common: `step.sh-2026-11-24-201524`, and `-1` and so on for further ones of the same
 * second.
 *
 * @since 0.1.0
 * @category conversions
 */
export const baseName = (leaf: string, epochMillis: number, counter: number): string =>
  `${leaf}-${timestamp(epochMillis)}${counter === 0 ? "" : `-${counter}`}`

/**
 * The suffixes of the two kinds: standard output and standard error.
 *
 * @since 0.1.0
 * @category constants
 */
export const suffixes = { stdout: ".log", stderr: ".log.err" } as const

const AGE = /^-(\d{4}-\d{2}-\d{2}-\d{6})(?:-([1-9]\d{0,8}))?$/

interface Dated {
  readonly name: string
  readonly time: string
  readonly counter: number
}

/** The logs of one kind among the names in a directory, the newest first. */
const logsOf = (names: ReadonlyArray<string>, leaf: string, suffix: string): ReadonlyArray<Dated> =>
  names
    .filter((name) => name.startsWith(leaf) && name.endsWith(suffix))
    .flatMap((name): ReadonlyArray<Dated> => {
      const [, time, counter = "0"] = AGE.exec(name.slice(leaf.length, -suffix.length)) ?? []
      return time === undefined ? [] : [{ name, time, counter: Number(counter) }]
    })
    .sort((one, other) =>
      one.time === other.time ? other.counter - one.counter : one.time < other.time ? 1 : -1
    )

/**
 * The number of a step's next log in this second: above all that the directory has, since the names of older ones are
 * free again once those have been removed, and a log must not be taken for older than it is.
 *
 * @since 0.1.0
 * @category conversions
 */
export const nextCounter = (names: ReadonlyArray<string>, leaf: string, epochMillis: number): number => {
  const now = timestamp(epochMillis)
  return Object.values(suffixes)
    .flatMap((suffix) => logsOf(names, leaf, suffix))
    .reduce((next, { counter, time }) => time === now ? Math.max(next, counter + 1) : next, 0)
}

/**
 * Of the names in a directory, those of a step's logs that are older than its newest `keep` of the same kind. The age is
 * that in the name: the step can change a file's times.
 *
 * @since 0.1.0
 * @category conversions
 */
export const outdated = (names: ReadonlyArray<string>, leaf: string, keep: number): ReadonlyArray<string> =>
  Object.values(suffixes).flatMap((suffix) => logsOf(names, leaf, suffix).slice(keep).map(({ name }) => name))
