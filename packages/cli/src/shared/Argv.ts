/**
 * The command line, before `@effect/cli` parses it.
 *
 * @since 0.1.0
 */
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import { DRY_RUN } from "./DryRun.js"

const REPLACEMENT = "\ufffd"

/**
 * Arguments with the surrogate-escape mapping. Node replaces bytes that are not UTF-8, so that a path with such
 * bytes would be another path; `cmdline` gives the content of `/proc/self/cmdline`, which has them, and is asked
 * only when something was replaced.
 *
 * @since 0.1.0
 * @category conversions
 */
export const restoreBytes = (argv: ReadonlyArray<string>, cmdline: () => Uint8Array): ReadonlyArray<string> =>
  argv.some((argument) => argument.includes(REPLACEMENT))
    ? SurrogateEscape.decode(cmdline()).split("\0").slice(0, -1).slice(-argv.length)
    : argv

/** An operand that begins with `-` is a path: spelled so that no parser takes it for an option. */
const operand = (argument: string): string => argument.startsWith("-") ? `./${argument}` : argument

/**
 * What `@effect/cli` cannot do by itself:
 *
 * - `--dry-run` without a value is `--dry-run=text`;
 * - what follows the first `--` are operands, never options.
 *
 * @since 0.1.0
 * @category conversions
 */
export const normalize = (argv: ReadonlyArray<string>): ReadonlyArray<string> => {
  const separator = argv.indexOf("--")
  const options = separator === -1 ? argv : argv.slice(0, separator)
  const operands = separator === -1 ? [] : argv.slice(separator + 1)
  return [
    ...options.map((argument) => argument === `--${DRY_RUN.name}` ? `${argument}=${DRY_RUN.bare}` : argument),
    ...operands.map(operand)
  ]
}

/**
 * `--name=value` as `--name value`: `@effect/cli` does not find an option that can be repeated in the first spelling.
 *
 * @since 0.1.0
 * @category conversions
 */
export const separateValues = (argv: ReadonlyArray<string>): ReadonlyArray<string> =>
  argv.flatMap((argument) => {
    const [, name, value] = /^(--[^=]+)=(.+)$/s.exec(argument) ?? []
    return name === undefined || value === undefined ? [argument] : [name, value]
  })

/**
 * A command line at its first `--`: what is for the agent, and the step's command, which no parser may see.
 *
 * @since 0.1.0
 * @category conversions
 */
export const split = (
  argv: ReadonlyArray<string>
): { readonly argv: ReadonlyArray<string>; readonly command: ReadonlyArray<string> } => {
  const separator = argv.indexOf("--")
  return separator === -1
    ? { argv, command: [] }
    : { argv: argv.slice(0, separator), command: argv.slice(separator + 1) }
}
