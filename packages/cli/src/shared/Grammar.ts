/**
 * What a command line takes, as data: the parser, the help and the manual are made from it.
 *
 * @since 0.1.0
 */

/**
 * An option.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionAbout {
  /** Without its hyphens. */
  readonly name: string
  /** One letter. */
  readonly alias?: string | undefined
  /** What stands for its value in the help; none when it takes none. */
  readonly value?: string | undefined
  /** All values that it takes, when they are few. */
  readonly choices?: ReadonlyArray<string> | undefined
  /** What it means without a value. Its value then stands behind `=` only. */
  readonly bare?: string | undefined
  readonly presence: "optional" | "repeated" | "required"
  /** The value that it has when it is not given. */
  readonly default?: string | undefined
  readonly description: string
}

/**
 * What the option itself says, whatever its value is.
 *
 * @since 0.1.0
 * @category models
 */
export type Named = Pick<OptionAbout, "alias" | "bare" | "description" | "name">

/**
 * An argument that is no option.
 *
 * @since 0.1.0
 * @category models
 */
export interface OperandAbout {
  readonly name: string
  readonly description: string
}

/**
 * A command: what its help and its manual page say.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page {
  /** As it is called after `agent`: `sandbox run`. Empty for `agent` itself. */
  readonly name: string
  /** What it does, in a line, without a full stop. */
  readonly summary: string
  /** More of it, in paragraphs. */
  readonly description: ReadonlyArray<string>
  readonly operands: ReadonlyArray<OperandAbout>
  readonly options: ReadonlyArray<OptionAbout>
  /** What follows `--`: `CMD [ARG...]`; empty when nothing does. */
  readonly command: string
  readonly exitCodes: ReadonlyArray<readonly [code: string, meaning: string]>
}

/**
 * The program that the commands are of.
 *
 * @since 0.1.0
 * @category constants
 */
export const PROGRAM = "agent"

/**
 * A command as people call it: `agent sandbox run`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fullName = ({ name }: Page): string => `${PROGRAM} ${name}`.trimEnd()

/**
 * What a command does, as a sentence.
 *
 * @since 0.1.0
 * @category conversions
 */
export const sentence = ({ summary }: Page): string =>
  `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`

const value = ({ bare, choices, value }: OptionAbout): string => {
  const text = choices?.join("|") ?? value
  if (text === undefined) return ""
  return bare === undefined ? ` ${text}` : `[=${text}]`
}

/**
 * An option as a list of options has it: `-e, --env NAME=VALUE`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const optionTerm = (option: OptionAbout): string =>
  `${option.alias === undefined ? "" : `-${option.alias}, `}--${option.name}${value(option)}`

const optionUsage = (option: OptionAbout): string => {
  const text = `--${option.name}${value(option)}`
  if (option.presence === "required") return text
  return option.presence === "repeated" ? `[${text}]...` : `[${text}]`
}

/**
 * An operand as the help has it: `<control-file>`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const operandTerm = ({ name }: OperandAbout): string => `<${name}>`

/**
 * The call of a command, in pieces between which a line may end.
 *
 * @since 0.1.0
 * @category conversions
 */
export const synopsis = (page: Page): ReadonlyArray<string> => [
  fullName(page),
  ...page.options.map(optionUsage),
  ...page.operands.map(operandTerm),
  ...(page.command === "" ? [] : [`-- ${page.command}`])
]

/**
 * What is said of an option, with its default.
 *
 * @since 0.1.0
 * @category conversions
 */
export const optionText = (option: OptionAbout): string =>
  [
    option.description,
    ...(option.presence === "required" ? ["Required."] : []),
    ...(option.presence === "repeated" ? ["May be repeated."] : []),
    ...(option.default === undefined ? [] : [`Default: ${option.default}.`])
  ].join(" ")
