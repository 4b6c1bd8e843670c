// `npm run lint:tests`: what vitest does not notice. A file of a name that no tier takes, a tag that is misspelt and a
// fixture that nobody reads are tests that are never run.
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { root } from "./run.mjs"

const TIERS = ["recorder", "process", "root"]
const TAGS = ["node", "race", "soak"]

const testDirectories = readdirSync(join(root, "packages")).map((name) => join("packages", name, "test"))

const files = testDirectories.flatMap((directory) =>
  readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
)
const isFixture = (path) => path.includes("/fixtures/")
const sources = new Map(
  files.filter((path) => !isFixture(path)).map((path) => [path, readFileSync(join(root, path), "utf8")])
)

/** Support is what others import; all else has to be a file of tests of one tier. */
const nameProblem = (path) => {
  if (
    path.includes("/support/") ||
    !/^import .*\b(describe|it)\b.* from "(@effect\/)?vitest"/m.test(sources.get(path))
  ) {
    return undefined
  }
  const [, suffix] = /(?:\.(\w+))?\.test\.ts$/.exec(path) ?? [undefined, "none"]
  return suffix === undefined || TIERS.includes(suffix)
    ? undefined
    : `is of no tier: its name ends in .test.ts or one of ${
      TIERS.map((tier) => `.${tier}.test.ts`).join(", ")
    }`
}

/** A tag is the last word of a title. */
const tagProblems = (source) =>
  [...source.matchAll(/ @([a-z]+)(?=["'`])/g)].map(([, tag]) => tag)
    .filter((tag) => !TAGS.includes(tag))
    .map((tag) => `has the tag @${tag}: there are ${TAGS.map((known) => `@${known}`).join(", ")}`)

/** Whether a test names this file, or a directory that it is in. */
const isRead = (fixture) => {
  const [directory, rest] = fixture.split("/fixtures/")
  const names = rest.split("/").map((name) => basename(name))
  return [...sources].some(([path, text]) =>
    path.startsWith(directory) && names.some((name) => text.includes(name))
  )
}

const problems = [...sources].flatMap(([path, source]) =>
  [nameProblem(path), ...tagProblems(source)].filter((problem) => problem !== undefined).map((problem) =>
    `${path} ${problem}`
  )
)
problems.push(
  ...files.filter(isFixture).filter((path) => !isRead(path)).map((path) => `${path} is read by no test`)
)
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
