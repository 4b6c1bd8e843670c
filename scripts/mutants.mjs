// What came of the mutants: which have survived, and whether each of these is explained.
import { readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { root } from "./run.mjs"

const SURVIVED = new Set(["Survived", "NoCoverage"])
const DETECTED = new Set(["Killed", "Timeout"])

const onOneLine = (text) => text.replaceAll(/\s+/g, " ").trim()

/** The text from one place to another; Stryker counts lines and columns from 1. */
const between = (lines, start, end) => {
  const text = lines.slice(start.line - 1, end.line)
  text[text.length - 1] = text.at(-1).slice(0, end.column - 1)
  text[0] = text[0].slice(start.column - 1)
  return text.join("\n")
}

/**
 * A mutant by what it does, so that it is the same one when lines above it come and go: the line on which it begins, and
 * what becomes of what on it.
 */
export const describe = ({ fileName, location: { end, start }, replacement }, text) => {
  const lines = text.split("\n")
  const original = onOneLine(between(lines, start, end))
  return {
    file: relative(root, fileName),
    line: onOneLine(lines[start.line - 1]),
    mutant: `${original} -> ${onOneLine(replacement)}`
  }
}

const keyOf = ({ file, line, mutant }) => JSON.stringify([file, line, mutant])

/** The survivors that nobody has explained, and the explanations that are of none; both as they would be listed. */
export const compare = (survivors, explained) => {
  const [found, known] = [survivors, explained].map((list) => new Set(list.map(keyOf)))
  return {
    unexplained: survivors.filter((survivor) => !known.has(keyOf(survivor))),
    vanished: explained.filter((explanation) => !found.has(keyOf(explanation)))
  }
}

/** How many of the mutants that could be tried were noticed, in percent; and the others. */
export const judge = (results) => {
  const survived = results.filter(({ status }) => SURVIVED.has(status))
  const detected = results.filter(({ status }) => DETECTED.has(status)).length
  const tried = detected + survived.length
  return {
    tried,
    score: tried === 0 ? 0 : (100 * detected) / tried,
    survivors: survived.map((mutant) => describe(mutant, readFileSync(mutant.fileName, "utf8")))
  }
}

/** What is known of a package's survivors: `why` says what makes the changed program the same one. */
export const readExplained = (name) =>
  JSON.parse(readFileSync(join(root, "scripts/mutants", `${name}.json`), "utf8"))
