// Running vitest: which tests, with which Node.js, and what came of them.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join, relative } from "node:path"
import { inPlaceOfNode } from "./node-versions.mjs"
import { root, run } from "./run.mjs"
import { Failed } from "./steps.mjs"
import { readTestFiles } from "./test-files.mjs"

const vitest = join(root, "node_modules/vitest/vitest.mjs")

/** The titles of the tests with a tag, or of all; those that are for the soak only when it is that. */
const titles = (tag, soak) =>
  new RegExp(`^${soak ? "" : "(?!.*@soak)"}${tag === undefined ? "" : `.*@${tag}`}`)

/** The files that have tests with a tag: the others need not even be loaded. */
const filesWith = (tag) =>
  [...readTestFiles()].filter(([path, text]) => path.endsWith(".test.ts") && text.includes(` @${tag}`))
    .map(([path]) => path)

/** A directory for the temporary files of a run, as open as the system's own. */
const makeScratch = (temporary) => {
  const scratch = join(temporary, "tmp")
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch)
  chmodSync(scratch, 0o1777)
  return scratch
}

/** A file of vitest's JSON report: its tests, and what failed in it. One that does not load is a failure. */
const resultOf = (wanted) => ({ assertionResults, message, name, status }) => {
  const file = relative(root, name)
  const tests = assertionResults.filter(({ fullName }) => wanted.test(fullName))
  const failures = tests.filter((test) => test.status === "failed")
    .map((test) => ({ name: `${file} > ${test.fullName}`, message: test.failureMessages.join("\n") }))
  if (failures.length === 0 && status === "failed") failures.push({ name: file, message })
  const passed = tests.filter((test) => test.status === "passed").length
  const skipped = tests.filter((test) => !["passed", "failed"].includes(test.status)).length
  return { file, passed, skipped, failures }
}

/**
 * Runs the tests of some projects: those with a tag (docs/testing.md), of some files, and for the `soak` also what is not
 * for every change. Returns what came of each file. `config` is another configuration, `bin` the directory of another
 * Node.js, `more` are options of vitest, `minutes` is the limit.
 *
 * What is left behind in the directory for temporary files is a failure.
 */
export const runVitest = async ({
  bin,
  config = "vitest.config.ts",
  tag,
  files = tag === undefined ? [] : filesWith(tag),
  minutes,
  more = [],
  projects,
  soak = false,
  temporary
}) => {
  const report = join(temporary, "report.json")
  rmSync(report, { force: true })
  const scratch = makeScratch(temporary)
  const [program, ...before] = [...(bin === undefined ? [] : inPlaceOfNode(bin)), process.execPath]
  const wanted = titles(tag, soak)
  const options = [
    `--config=${config}`,
    ...projects.map((project) => `--project=${project}`),
    `--testNamePattern=${wanted.source}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`
  ]
  const { ok } = await run(program, [...before, vitest, "run", ...options, ...more, ...files], {
    env: { ...process.env, TMPDIR: scratch },
    minutes
  })
  if (!existsSync(report)) throw new Failed("vitest failed, see above")
  const results = JSON.parse(readFileSync(report, "utf8")).testResults.map(resultOf(wanted))
  const failed = results.some(({ failures }) => failures.length > 0)
  // Such as an error that no test caught.
  if (!ok && !failed) throw new Failed("vitest failed, see above")
  if (results.every(({ passed }) => passed === 0) && !failed) throw new Failed("no test was run")
  const left = readdirSync(scratch)
  if (left.length > 0 && !failed) throw new Failed(`left behind in TMPDIR: ${left.join(", ")}`)
  return results
}

/** What the runs covered together that have left their reports in this directory. */
export const reportCoverage = async ({ blobs, temporary }) => {
  const directory = join(temporary, "coverage")
  await run(process.execPath, [
    vitest,
    "run",
    `--merge-reports=${blobs}`,
    "--reporter=json",
    `--outputFile.json=${join(temporary, "merged.json")}`,
    "--coverage",
    "--coverage.reporter=text-summary",
    "--coverage.reporter=json-summary",
    `--coverage.reportsDirectory=${directory}`
  ])
  // vitest's status only repeats that a test has failed.
  if (!existsSync(join(directory, "coverage-summary.json"))) throw new Failed("no coverage, see above")
}

/** Options that leave a report of that name for `reportCoverage`. */
export const coverageInto = (blobs, name) => [
  "--coverage",
  "--coverage.reporter=none",
  "--reporter=blob",
  `--outputFile.blob=${join(blobs, `${name}.json`)}`
]
