/**
 * The manual pages of `agent`, from the tables of its commands. The build runs this and writes the files.
 */
import * as ManPage from "../agent/ManPage.js"
import * as Pages from "../agent/Pages.js"
import { version } from "../Version.js"

/** The pages by file name. */
export const manPages: Readonly<Record<string, string>> = Object.fromEntries(
  Pages.pages.map((page) => [
    `${ManPage.pageName(page)}.1`,
    ManPage.render({ page, below: Pages.below(page), builtIns: Pages.builtIns }, version())
  ])
)
