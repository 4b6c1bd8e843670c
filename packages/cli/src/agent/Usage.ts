/**
 * What is wrong with a command line, where `@effect/cli` complains of something that only follows from it.
 *
 * @since 0.1.0
 */
import { quote } from "@chroot-exec/core/Quote"

/** What the help says that an option takes: `--dry-run text | json`. */
const choicesIn = (help: string): ReadonlyMap<string, ReadonlyArray<string>> =>
  new Map(
    [...help.matchAll(/^(--[a-z-]+) ([a-z]+(?: \| [a-z]+)+)$/gm)].map(([, option = "", choices = ""]) => [
      option,
      choices.split(" | ")
    ])
  )

const optionsIn = (help: string): ReadonlySet<string> => new Set(help.match(/(?<![\w-])--?[a-z][a-z-]*/g))

/** The options among the arguments, each with its value or what stands where it would. */
const given = (argv: ReadonlyArray<string>) =>
  argv.flatMap((argument, index) => {
    const at = argument.indexOf("=")
    if (!/^--?\w/.test(argument)) return []
    return at === -1
      ? [{ option: argument, value: argv[index + 1] }]
      : [{ option: argument.slice(0, at), value: argument.slice(at + 1) }]
  })

/**
 * The first option that the help does not know, the first value that is none of an option's choices, or a command
 * that is not there (only when the arguments are for the program itself); nothing when it is none of these. The
 * arguments are those that `Argv.normalize` made.
 *
 * @since 0.1.0
 * @category conversions
 */
export const problem = (
  argv: ReadonlyArray<string>,
  help: string,
  expectsCommand: boolean
): string | undefined => {
  const options = optionsIn(help)
  const choices = choicesIn(help)
  for (const { option, value } of given(argv)) {
    if (!options.has(option)) return `unknown option ${option}`
    const allowed = choices.get(option)
    if (allowed === undefined) continue
    if (value === undefined) return `${option} takes one of ${allowed.join(", ")}`
    if (!allowed.includes(value)) {
      return `${option} takes one of ${allowed.join(", ")}, not ${quote(value)}`
    }
  }
  const [first] = argv
  return expectsCommand && first !== undefined && !first.startsWith("-")
    ? `unknown command ${quote(first)}`
    : undefined
}
