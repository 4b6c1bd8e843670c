// The end of a run: what failed, what was flaky, and the count.
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Failed, makeSteps, Skipped } from "../steps.mjs"

const lines = []
beforeEach(() => {
  lines.length = 0
  vi.spyOn(console, "log").mockImplementation((text) => lines.push(text))
})
afterEach(() => vi.restoreAllMocks())

const tests = (counts) => () => ({ passed: 0, failed: 0, skipped: 0, failures: [], flaky: [], ...counts })

it("is the count, before which the flaky ones are named", async () => {
  const { step, summary } = makeSteps({ strict: true })
  await step("build", () => undefined)
  await step("tests", tests({ passed: 3, skipped: 1, flaky: ["a > b", "c > d"] }))
  expect(summary()).toBe(true)
  expect(lines.slice(-3)).toStrictEqual(["flaky: a > b", "flaky: c > d", "4 passed, 0 failed, 1 skipped"])
})

it.each([
  ["a failed test", tests({ failed: 1, failures: [{ name: "a", message: "why" }] })],
  ["a failed step", () => Promise.reject(new Failed("why"))],
  ["a step that cannot run here, where all have to", () => Promise.reject(new Skipped("why"))],
  ["an unexpected error", () => Promise.reject(new TypeError("why"))]
])("is a failure after %s", async (_, action) => {
  const { step, summary } = makeSteps({ strict: true })
  expect(await step("it", action)).toBe(false)
  expect(summary()).toBe(false)
  expect(lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped")
})

it("is none after a step that cannot run here, unless all have to", async () => {
  const { step, summary } = makeSteps({ strict: false })
  await step("it", () => Promise.reject(new Skipped("why")))
  expect([summary(), lines.at(-1)]).toStrictEqual([true, "0 passed, 0 failed, 1 skipped"])
})
