/**
 * Manual pages, which say what `--help` says: man-pages(7), groff_man(7).
 *
 * @since 0.1.0
 */
import { fullName, type Page } from "../shared/Grammar.js"
import { type Section, sections, type Subject, synopsis } from "./Sections.js"

/** Text as roff takes it: backslashes and hyphens as themselves, and no line that begins like a request. */
const escape = (text: string): string =>
  text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/gm, "\\&$1")

const section = ({ paragraphs, terms, title }: Section): ReadonlyArray<string> => [
  `.SH ${title}`,
  ...paragraphs.flatMap((text) => [".PP", escape(text)]),
  ...terms.flatMap(([term, text]) => [".TP", `.B ${escape(term)}`, escape(text)])
]

/**
 * The name of the page: `agent-sandbox-run`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const pageName = (page: Page): string => fullName(page).replaceAll(" ", "-")

/**
 * A page of section 1 in roff.
 *
 * @since 0.1.0
 * @category conversions
 */
export const render = (subject: Subject, version: string): string => {
  const name = escape(pageName(subject.page))
  return [
    `.TH ${name.toUpperCase()} 1 "" "${escape(`chroot-exec ${version}`)}" "User Commands"`,
    ".SH NAME",
    `${name} \\- ${escape(subject.page.summary)}`,
    ".SH SYNOPSIS",
    `.B ${escape(synopsis(subject).join(" "))}`,
    ...sections(subject).flatMap(section),
    ""
  ].join("\n")
}
