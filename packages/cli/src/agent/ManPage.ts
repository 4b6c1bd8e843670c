/**
 * Manual pages from the same definitions as `--help`: man-pages(7), groff_man(7).
 *
 * @since 0.1.0
 */
import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"

/**
 * What a page is about.
 *
 * @since 0.1.0
 * @category models
 */
export interface ManPageOptions {
  /** The page's name: `agent-chroot-exec`. */
  readonly name: string
  /** One line, without a full stop. */
  readonly summary: string
  readonly version: string
  /** The call without decoration: `agent chroot-exec <control-file> <chroot-dir>`. */
  readonly synopsis: string
  readonly help: HelpDoc.HelpDoc
}

/**
 * Text as roff takes it: backslashes and hyphens as themselves, no line that begins like a request, and none of the
 * columns that `@effect/cli` makes with spaces.
 */
const escape = (text: string): string =>
  text.replace(/ {2,}/g, " ").replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/gm, "\\&$1")

const plain = (span: Span.Span): string => {
  switch (span._tag) {
    case "Sequence":
      return plain(span.left) + plain(span.right)
    case "Highlight":
    case "Strong":
    case "Weak":
      return plain(span.value)
    case "Text":
    case "URI":
      return span.value
  }
}

/** The parts of a document in a row. */
const flatten = (help: HelpDoc.HelpDoc): ReadonlyArray<HelpDoc.HelpDoc> =>
  help._tag === "Sequence" ? [...flatten(help.left), ...flatten(help.right)] : [help]

const blocks = (help: HelpDoc.HelpDoc): ReadonlyArray<string> =>
  flatten(help).flatMap((part) => {
    switch (part._tag) {
      case "Header":
        return [`.SH ${escape(plain(part.value)).toUpperCase()}`]
      case "Paragraph":
        return [".PP", escape(plain(part.value))]
      case "DescriptionList":
        return part.definitions.flatMap(([term, definition]) => [
          ".TP",
          `.B ${escape(plain(term))}`,
          ...body(definition)
        ])
      case "Enumeration":
        return part.elements.flatMap((element) => [".IP \\(bu 2", ...body(element)])
      case "Empty":
      case "Sequence":
        return []
    }
  })

/** What stands under a term: its paragraphs, the first without a paragraph mark of its own. */
const body = (help: HelpDoc.HelpDoc): ReadonlyArray<string> => {
  const lines = blocks(help)
  return (lines[0] === ".PP" ? lines.slice(1) : lines).map((line) => line === ".PP" ? ".IP" : line)
}

/**
 * A page of section 1 in roff.
 *
 * @since 0.1.0
 * @category conversions
 */
export const render = ({ help, name, summary, synopsis, version }: ManPageOptions): string =>
  [
    `.TH ${escape(name).toUpperCase()} 1 "" "${escape(`chroot-exec ${version}`)}" "User Commands"`,
    ".SH NAME",
    `${escape(name)} \\- ${escape(summary)}`,
    ".SH SYNOPSIS",
    `.B ${escape(synopsis)}`,
    ...blocks(help),
    ""
  ].join("\n")
