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

const problemOf = ({ about, spelling, value }: Given): string | undefined => {
  if (about === undefined) return `unknown option ${spelling}`
  const { choices } = about
  if (choices === undefined || (value !== undefined && choices.includes(value))) return undefined
  return `${spelling} takes one of ${choices.join(", ")}${value === undefined ? "" : `, not ${quote(value)}`}`
}

/**
 * The first option that there is not, the first value that is none of an option's choices, or a command that is not there
 * (only when one is `expected`); nothing when it is none of these.
 *
 * @since 0.1.0
 * @category conversions
 */
export const problem = (
  argv: ReadonlyArray<string>,
  options: ReadonlyArray<OptionAbout>,
  expected: boolean
): string | undefined => {
  for (const each of given(argv, options)) {
    const found = problemOf(each)
    if (found !== undefined) return found
  }
  const [first] = argv
  return expected && first !== undefined && !first.startsWith("-")
    ? `unknown command ${quote(first)}`
    : undefined
}
