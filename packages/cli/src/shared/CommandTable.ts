/**
 * The table of a command's options and operands, from which its parser is made, and with it the completions; the help and
 * the manual take what they say from the same table (`Grammar`).
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import { type Named, type OperandAbout, type OptionAbout, type Page, sentence } from "./Grammar.js"
import type { Value } from "./OptionValues.js"

/**
 * A row: an option or an operand, and what is said of it.
 *
 * @since 0.1.0
 * @category models
 */
export type Row<A> =
  | (Options.Options<A> & { readonly option: OptionAbout })
  | (Args.Args<A> & { readonly operand: OperandAbout })

/**
 * A row for everything that a command takes, under the name that it has there. What the command does not take, or takes as
 * another type, or what is missing, does not compile.
 *
 * @since 0.1.0
 * @category models
 */
export type Table<Taken> = { readonly [Name in keyof Taken]-?: Row<Taken[Name]> }

const aliased = <A>({ alias }: Named, options: Options.Options<A>): Options.Options<A> =>
  alias === undefined ? options : Options.withAlias(options, alias)

const row = <A>(
  named: Named,
  options: Options.Options<A>,
  about: Pick<OptionAbout, "choices" | "default" | "presence" | "value">
) => Object.assign(options, { option: { ...named, ...about } })

/** As text, which the shell completes when it is one of a few. */
const asText = <A>(named: Named, { choices, placeholder }: Value<A>): Options.Options<string> =>
  aliased(
    named,
    choices === undefined
      ? Options.withPseudoName(Options.text(named.name), placeholder)
      : Options.choice(named.name, choices)
  ).pipe(Options.withDescription(named.description))

const refusal = <A>({ name }: Named, { expects }: Value<A>): string => `--${name} takes ${expects}`

const asValue = <A>(named: Named, value: Value<A>): Options.Options<A> =>
  Options.filterMap(asText(named, value), value.read, refusal(named, value))

const valued = <A>({ choices, placeholder }: Value<A>) => ({ value: placeholder, choices })

/**
 * An option without a value.
 *
 * @since 0.1.0
 * @category rows
 */
export const flag = (named: Named): Row<boolean> =>
  row(named, aliased(named, Options.boolean(named.name)).pipe(Options.withDescription(named.description)), {
    presence: "optional"
  })

/**
 * An option that must be given.
 *
 * @since 0.1.0
 * @category rows
 */
export const required = <A>(named: Named, value: Value<A>): Row<A> =>
  row(named, asValue(named, value), { ...valued(value), presence: "required" })

/**
 * An option that may be given once.
 *
 * @since 0.1.0
 * @category rows
 */
export const optional = <A>(named: Named, value: Value<A>): Row<Option.Option<A>> =>
  row(named, Options.optional(asValue(named, value)), { ...valued(value), presence: "optional" })

/**
 * An option that has a value when it is not given: the one of this text.
 *
 * @since 0.1.0
 * @category rows
 */
export const withDefault = <A>(named: Named, value: Value<A>, text: string): Row<A> =>
  row(named, Options.withDefault(asValue(named, value), Option.getOrThrow(value.read(text))), {
    ...valued(value),
    presence: "optional",
    default: text
  })

/**
 * An option that may be given any number of times.
 *
 * @since 0.1.0
 * @category rows
 */
export const repeated = <A>(named: Named, value: Value<A>): Row<ReadonlyArray<A>> =>
  row(
    named,
    Options.repeated(asText(named, value)).pipe(
      Options.filterMap((texts) => Option.all(texts.map(value.read)), refusal(named, value))
    ),
    { ...valued(value), presence: "repeated" }
  )

/**
 * An operand.
 *
 * @since 0.1.0
 * @category rows
 */
export const operand = (operand: OperandAbout): Row<string> =>
  Object.assign(Args.withDescription(Args.text({ name: operand.name }), operand.description), { operand })

/** Any row, whatever it is of. */
type AnyRow = { readonly option: OptionAbout } | { readonly operand: OperandAbout }

/**
 * What a page says of a table, in its order.
 *
 * @since 0.1.0
 * @category conversions
 */
export const abouts = (table: Readonly<Record<string, AnyRow>>): Pick<Page, "operands" | "options"> => {
  const rows = Object.values(table)
  return {
    options: rows.flatMap((each) => "option" in each ? [each.option] : []),
    operands: rows.flatMap((each) => "operand" in each ? [each.operand] : [])
  }
}

/**
 * What a command takes that takes nothing.
 *
 * @since 0.1.0
 * @category constants
 */
export const nothing: Pick<Page, "command" | "exitCodes" | "operands" | "options"> = {
  operands: [],
  options: [],
  command: "",
  exitCodes: []
}

/**
 * The description that programs show which mount the command.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toHelpDoc = (page: Page): HelpDoc.HelpDoc => {
  const { description, exitCodes } = page
  const paragraphs = [sentence(page), ...description].map((text) => HelpDoc.p(text))
  return HelpDoc.blocks(
    Arr.isNonEmptyReadonlyArray(exitCodes)
      ? [
        ...paragraphs,
        HelpDoc.h1("EXIT CODES"),
        HelpDoc.descriptionList(
          Arr.map(
            exitCodes,
            ([code, meaning]): [Span.Span, HelpDoc.HelpDoc] => [Span.text(code), HelpDoc.p(meaning)]
          )
        )
      ]
      : paragraphs
  )
}
