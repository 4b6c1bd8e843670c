// `npm run lint:tests`: what vitest does not notice. A file of a name that no tier takes, a tag that is misspelt and a
// fixture that nobody reads are tests that are never run.
import { fileURLToPath } from "node:url"
import { readTestFiles } from "./test-files.mjs"

const TIERS = ["recorder", "process", "root"]
const TAGS = ["node", "race", "soak"]

const IMPORTS_TESTS = /^import .*\b(describe|it)\b.* from "(@effect\/)?vitest"/m

/** Support is what others import; all else has to be a file of tests of one tier. */
const nameProblem = (path, source) => {
  if (path.includes("/support/") || !IMPORTS_TESTS.test(source)) return []
  const [, suffix] = /(?:\.(\w+))?\.test\.ts$/.exec(path) ?? [undefined, "none"]
  const names = ["", ...TIERS.map((tier) => `.${tier}`)].map((tier) => `${tier}.test.ts`)
  return suffix === undefined || TIERS.includes(suffix)
    ? []
    : [`is of no tier: its name has to end in one of ${names.join(", ")}`]
}

/** Tags are the last words of a title. */
const tagProblems = (source) =>
  [...source.matchAll(/ @([a-z]+)(?= @|["'`])/g)]
    .filter(([, tag]) => !TAGS.includes(tag))
    .map(([tag]) => `has the tag${tag}: there are ${TAGS.map((known) => `@${known}`).join(", ")}`)

/** Whether a test beside it names this file, or a directory that it is in. */
const isRead = (fixture, sources) => {
  const [directory, rest] = fixture.split("fixtures/")
  const names = rest.split("/")
  return [...sources].some(([path, text]) =>
    path.startsWith(directory) && names.some((name) => text.includes(name))
  )
}

/** What is wrong with the tests of some files, by their paths. */
export const problemsOf = (files) => {
  const isFixture = (path) => path.includes("/fixtures/")
  const sources = new Map([...files].filter(([path]) => !isFixture(path)))
  const wrong = [...sources].flatMap(([path, source]) =>
    [...nameProblem(path, source), ...tagProblems(source)].map((problem) => `${path} ${problem}`)
  )
  const unread = [...files.keys()].filter((path) => isFixture(path) && !isRead(path, sources))
  return [...wrong, ...unread.map((path) => `${path} is read by no test`)]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = problemsOf(readTestFiles())
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}
