/**
 * What the help and the manual page of a command have in common: their sections.
 *
 * @since 0.1.0
 */
import type { OptionAbout, Page } from "../shared/Grammar.js"
import * as Grammar from "../shared/Grammar.js"

/**
 * Paragraphs, or terms each with a text. Short terms stand beside their texts, others above them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Section {
  readonly title: string
  readonly paragraphs: ReadonlyArray<string>
  readonly terms: ReadonlyArray<readonly [term: string, text: string]>
  readonly layout: "above" | "beside"
}

/**
 * What is said of a command, besides the program's own options.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject {
  readonly page: Page
  /** The commands below it. */
  readonly below: ReadonlyArray<Page>
  /** What every command takes. */
  readonly builtIns: ReadonlyArray<OptionAbout>
}

/**
 * The call of the command; one that has others below it is called with one of them.
 *
 * @since 0.1.0
 * @category conversions
 */
export const synopsis = ({ below, page }: Subject): ReadonlyArray<string> =>
  below.length > 0 ? [Grammar.fullName(page), "<command>", "..."] : Grammar.synopsis(page)

const option = (about: OptionAbout): readonly [term: string, text: string] => [
  Grammar.optionTerm(about),
  Grammar.optionText(about)
]

/**
 * The sections that are not empty, in order.
 *
 * @since 0.1.0
 * @category conversions
 */
export const sections = ({ below, builtIns, page }: Subject): ReadonlyArray<Section> => {
  const all: ReadonlyArray<Section> = [
    { title: "DESCRIPTION", paragraphs: page.description, terms: [], layout: "above" },
    {
      title: "COMMANDS",
      paragraphs: [],
      terms: below.map((each) => [each.name.slice(page.name.length).trimStart(), each.summary]),
      layout: "beside"
    },
    {
      title: "ARGUMENTS",
      paragraphs: [],
      terms: page.operands.map((each) => [Grammar.operandTerm(each), each.description]),
      layout: "above"
    },
    {
      title: "OPTIONS",
      paragraphs: [],
      terms: page.options.map(option),
      layout: "above"
    },
    {
      title: page.options.length > 0 ? "OPTIONS OF EVERY COMMAND" : "OPTIONS",
      paragraphs: [],
      terms: builtIns.map(option),
      layout: "above"
    },
    { title: "EXIT CODES", paragraphs: [], terms: page.exitCodes, layout: "beside" }
  ]
  return all.filter(({ paragraphs, terms }) => paragraphs.length + terms.length > 0)
}
