/**
 * The options of `chroot-exec` that launchers use. The usual call has no others, and is read without a parser.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Argv from "../shared/Argv.js"
import type { Named } from "../shared/Grammar.js"

/**
 * @since 0.1.0
 * @category constants
 */
export const DIE_WITH_PARENT: Named = {
  name: "die-with-parent",
  description:
    "Kill the step when the thread that started the agent ends. A set-user-ID program as the step puts an end to that."
}

/**
 * @since 0.1.0
 * @category constants
 */
export const CONTROL_FD: Named = {
  name: "control-fd",
  description:
    "For launchers: read the control file from this descriptor; <control-file> is only what it is called in messages. The "
    + "step does not get it."
}

/**
 * @since 0.1.0
 * @category constants
 */
export const REPORT_FD: Named = {
  name: "report-fd",
  description:
    "For launchers: say on this descriptor, in a line of JSON, that the step is about to be executed, or why it is not, "
    + "and then not on standard error. The step does not get it."
}

const dieWithParent = `--${DIE_WITH_PARENT.name}`

/** The descriptor of an option in either spelling. */
const descriptorOf = ({ name }: Named) => {
  const spelt = new RegExp(`(?:^|\\0)--${name}[=\\0](\\d{1,9})(?:\\0|$)`)
  return (argv: ReadonlyArray<string>): Option.Option<number> =>
    Option.map(Option.fromNullable(spelt.exec(Argv.split(argv).argv.join("\0"))?.[1]), Number)
}

const controlFd = descriptorOf(CONTROL_FD)

/**
 * The descriptor of `--report-fd`, which is asked for where there is no parser yet, or none any more.
 *
 * @since 0.1.0
 * @category conversions
 */
export const reportFd = descriptorOf(REPORT_FD)

/** What a launcher asks for, in its spelling. */
const isLaunchers = (option: string): boolean =>
  option === dieWithParent || [controlFd, reportFd].some((find) => Option.isSome(find([option])))

/**
 * What `chroot-exec` is asked for with its two operands and nothing that needs a parser.
 *
 * @since 0.1.0
 * @category conversions
 */
export const plainRequest = (argv: ReadonlyArray<string>) => {
  const [command, ...rest] = argv
  const [options, operands] = [rest.slice(0, -2), rest.slice(-2)]
  const names = new Set(options.map((option) => option.replace(/=.*/s, "")))
  const [controlFile, chrootDir] = operands
  return command === "chroot-exec" && controlFile !== undefined && chrootDir !== undefined
      && operands.every((operand) => !operand.startsWith("-"))
      && options.every(isLaunchers) && names.size === options.length
    ? Option.some({
      controlFile,
      chrootDir,
      dieWithParent: options.includes(dieWithParent),
      controlFd: controlFd(options),
      reportFd: reportFd(options)
    })
    : Option.none()
}
