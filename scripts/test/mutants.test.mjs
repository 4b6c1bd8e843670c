// What is told apart among mutants that have survived.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { compare, describe as describeMutant, judge } from "../mutants.mjs"
import { root } from "../run.mjs"

const text = "const a = 1\nif (a <\n  b) {\n  go()\n}\n"
const condition = {
  fileName: join(root, "packages/core/src/A.ts"),
  location: { start: { line: 2, column: 5 }, end: { line: 3, column: 4 } },
  replacement: "a <=\n  b"
}
const survivor = { file: "packages/core/src/A.ts", line: "if (a <", mutant: "a < b -> a <= b" }

it("describes a mutant by the line on which it begins", () => {
  expect(describeMutant(condition, text)).toStrictEqual(survivor)
})

it("knows it again when lines have come before it", () => {
  const { end, start } = condition.location
  const location = { start: { ...start, line: start.line + 1 }, end: { ...end, line: end.line + 1 } }
  expect(describeMutant({ ...condition, location }, `// new\n${text}`)).toStrictEqual(survivor)
})

it("tells survivors without an explanation, and explanations without a survivor", () => {
  const other = { ...survivor, mutant: "a < b -> true" }
  const explained = [{ ...survivor, why: "the same" }]
  expect(compare([survivor], explained)).toStrictEqual({ unexplained: [], vanished: [] })
  expect(compare([survivor, other], explained)).toStrictEqual({ unexplained: [other], vanished: [] })
  expect(compare([], explained)).toStrictEqual({ unexplained: [], vanished: explained })
})

it("counts what was not covered among the survivors, and leaves out what could not be tried", () => {
  const directory = mkdtempSync(join(tmpdir(), "mutants-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const fileName = join(directory, "A.ts")
  writeFileSync(fileName, text)
  const statuses = ["Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "CompileError"]
  const { location, replacement } = condition
  const results = statuses.map((status) => ({ location, replacement, fileName, status }))
  const { score, survivors, tried } = judge(results)
  expect({ score, survivors: survivors.length, tried }).toStrictEqual({ score: 50, survivors: 2, tried: 4 })
  expect(judge([]).score).toBe(0)
})
