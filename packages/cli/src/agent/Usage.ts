/**
 * What a command line asks for, and what is wrong with it, where `@effect/cli` complains of something that only follows
 * from it.
 *
 * @since 0.1.0
 */
import { quote } from "@chroot-exec/core/Quote"
import type { OptionAbout } from "../shared/Grammar.js"

/** An option as it was given: its spelling, what it is, and its value or what stands where it would. */
interface Given {
  readonly spelling: string
  readonly about: OptionAbout | undefined
  readonly value: string | undefined
}

const takesValue = ({ bare, choices, value }: OptionAbout): boolean =>
  bare === undefined && (choices !== undefined || value !== undefined)

/** The options among the arguments. What is the value of one is none itself. */
const given = (argv: ReadonlyArray<string>, options: ReadonlyArray<OptionAbout>): ReadonlyArray<Given> => {
  const found: Array<Given> = []
  for (let index = 0; index < argv.length; index++) {
    const [, spelling, value] = /^(--?\w[^=]*)(?:=(.*))?$/s.exec(argv[index] ?? "") ?? []
    if (spelling === undefined) continue
    const about = options.find(({ alias, name }) => spelling === `--${name}` || spelling === `-${alias}`)
    const isNext = value === undefined && about !== undefined && takesValue(about)
    if (isNext) index++
    found.push({ spelling, about, value: isNext ? argv[index] : value })
  }
  return found
}

/**
 * Whether help is asked for, rather than a run. The arguments are those that `Argv.normalize` made.
 *
 * @since 0.1.0
 * @category predicates
 */
export const asksForHelp = (argv: ReadonlyArray<string>, options: ReadonlyArray<OptionAbout>): boolean =>
  given(argv, options).some(({ about, value }) => about?.name === "help" && value === undefined)

/** What an option takes: `one of text, json`, `a value: directory`. */
const expected = ({ choices, value }: OptionAbout): string =>
  choices === undefined ? `a value: ${value}` : `one of ${choices.join(", ")}`

/** What is wrong with the value of an option. */
const valueProblem = ({ about, spelling, value }: Given): string | undefined => {
  if (about === undefined || !(takesValue(about) || value !== undefined)) return undefined
  if (value === undefined || (value === "" && about.choices === undefined)) {
    return `${spelling} takes ${expected(about)}`
  }
  return about.choices === undefined || about.choices.includes(value)
    ? undefined
    : `${spelling} takes ${expected(about)}, not ${quote(value)}`
}

/**
 * The first option that lacks its value: `@effect/cli` leaves some of them out instead.
 *
 * @since 0.1.0
 * @category conversions
 */
export const missingValue = (
  argv: ReadonlyArray<string>,
  options: ReadonlyArray<OptionAbout>
): string | undefined =>
  given(argv, options)
    .filter(({ about, value }) => about !== undefined && takesValue(about) && value === undefined)
    .map(valueProblem)[0]

const countProblem = (all: ReadonlyArray<Given>, about: OptionAbout): string | undefined => {
  const times = all.filter((each) => each.about === about).length
  if (times === 0 && about.presence === "required") return `--${about.name} is missing`
  return times > 1 && about.presence !== "repeated" ? `--${about.name} is given more than once` : undefined
}

/**
 * The first option that there is not, or whose value is none of its own, or that is given too often or not at all, or a
 * command that is not there (only when one `isExpected`); nothing when it is none of these.
 *
 * @since 0.1.0
 * @category conversions
 */
export const problem = (
  argv: ReadonlyArray<string>,
  options: ReadonlyArray<OptionAbout>,
  isExpected: boolean
): string | undefined => {
  const all = given(argv, options)
  const [first = "-"] = argv
  const problems = [
    ...all.map((each) => each.about === undefined ? `unknown option ${each.spelling}` : valueProblem(each)),
    ...options.map((about) => countProblem(all, about)),
    isExpected && !first.startsWith("-") ? `unknown command ${quote(first)}` : undefined
  ]
  return problems.find((each) => each !== undefined)
}
