// What `npm run lint:tests` finds.
import { expect, it } from "vitest"
import { problemsOf } from "../lint-tests.mjs"

const TEST = "import { expect, it } from \"@effect/vitest\"\n"
const NAMES = ".test.ts, .recorder.test.ts, .process.test.ts, .root.test.ts"

const problems = (files) => problemsOf(new Map(Object.entries(files)))

it("finds nothing in files that are right", () => {
  expect(problems({
    "p/test/a.test.ts": `${TEST}it("works @node")`,
    "p/test/a.more.root.test.ts": TEST,
    "p/test/support/c.ts": "import { expect, it } from \"vitest\"; read(\"../fixtures/data\")",
    "p/test/arbitraries.ts": "export const a = 1",
    "p/test/fixtures/data/x.json": "{}"
  })).toStrictEqual([])
})

it.each(["p/test/a.ts", "p/test/a.tests.ts", "p/test/a.proces.test.ts", "p/test/a.test.tsx"])(
  "finds %s, which no tier takes",
  (path) => {
    expect(problems({ [path]: TEST })).toStrictEqual([
      `${path} is of no tier: its name has to end in one of ${NAMES}`
    ])
  }
)

it("finds a tag that nobody knows", () => {
  expect(problems({ "p/test/a.test.ts": `${TEST}it("works @nodes")` }))
    .toStrictEqual(["p/test/a.test.ts has the tag @nodes: there are @node, @race, @soak"])
})

it("finds a fixture that nobody reads", () => {
  expect(problems({ "p/test/a.test.ts": `${TEST}read("x.json")`, "p/test/fixtures/x.jsonl": "" }))
    .toStrictEqual(["p/test/fixtures/x.jsonl is read by no test"])
})
