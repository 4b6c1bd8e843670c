/**
 * What is wrong with a command line, where `@effect/cli` complains of something that only follows from it.
 *
 * @since 0.1.0
 */

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
 * that is not there (only when the arguments are for the program itself); nothing when it is none of these.
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
    // By itself, --dry-run is complete.
    if (allowed === undefined || (option === "--dry-run" && argv.includes(option))) continue
    if (value === undefined) return `${option} takes one of ${allowed.join(", ")}`
    if (!allowed.includes(value)) {
      return `${option} takes one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`
    }
  }
  const [first] = argv
  return expectsCommand && first !== undefined && !first.startsWith("-")
    ? `unknown command ${JSON.stringify(first)}`
    : undefined
}
