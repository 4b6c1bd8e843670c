/**
 * What `--help` prints.
 *
 * @since 0.1.0
 */
import { fullName, sentence } from "../shared/Grammar.js"
import { type Section, sections, type Subject, synopsis } from "./Sections.js"

/**
 * What it is printed on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Paper {
  /** Lines are no longer than this, unless a single piece is; any length, when not given. */
  readonly columns?: number | undefined
  /** Whether it shows bold letters. */
  readonly bold: boolean
}

const INDENT = "  "

/** Pieces in lines, those after the first indented by so many columns. */
const fill = (pieces: ReadonlyArray<string>, indent: number, columns = Number.POSITIVE_INFINITY): string => {
  const lines: Array<string> = []
  let line = ""
  for (const piece of pieces) {
    const longer = line === "" ? piece : `${line} ${piece}`
    if (line !== "" && indent + longer.length > columns) {
      lines.push(line)
      line = piece
    } else {
      line = longer
    }
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`)
}

const strong = ({ bold }: Paper, text: string): string => bold ? `\u001b[1m${text}\u001b[0m` : text

const paragraph = (text: string, indent: number, { columns }: Paper): string =>
  fill(text.split(" "), indent, columns)

const above = ({ terms }: Section, paper: Paper): ReadonlyArray<string> =>
  terms.map(([term, text]) => `${strong(paper, term)}\n${INDENT}${paragraph(text, INDENT.length, paper)}`)

const beside = ({ terms }: Section, paper: Paper): string => {
  const width = Math.max(...terms.map(([term]) => term.length)) + INDENT.length
  return terms.map(([term, text]) =>
    strong(paper, term) + " ".repeat(width - term.length) + paragraph(text, width, paper)
  ).join("\n")
}

const blocks = (section: Section, paper: Paper): ReadonlyArray<string> => [
  strong(paper, section.title),
  ...section.paragraphs.map((text) => paragraph(text, 0, paper)),
  ...(section.layout === "above" ? above(section, paper) : [beside(section, paper)])
]

/**
 * The help of a command, without a newline at the end.
 *
 * @since 0.1.0
 * @category conversions
 */
export const render = (subject: Subject, paper: Paper): string =>
  [
    strong(paper, fullName(subject.page)),
    paragraph(sentence(subject.page), 0, paper),
    strong(paper, "USAGE"),
    INDENT + fill(synopsis(subject), 2 * INDENT.length, paper.columns),
    ...sections(subject).flatMap((section) => blocks(section, paper))
  ].join("\n\n")
