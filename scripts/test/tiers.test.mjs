// What `npm test` makes of a file that fails.
import { expect, it } from "vitest"
import { settle } from "../tiers.mjs"

const passed = (file, tests) => ({ file, passed: tests, skipped: 0, failures: [] })

const failed = (file, ...names) => ({
  file,
  passed: 1,
  skipped: 0,
  failures: names.map((name) => ({ name: `${file} > ${name}`, message: "why" }))
})

it("runs nothing again where nothing failed", async () => {
  const outcome = await settle([passed("a", 2), passed("b", 3)], () => Promise.reject(new Error("run again")))
  expect(outcome).toStrictEqual({ passed: 5, failed: 0, skipped: 0, failures: [], flaky: [] })
})

it("names what fails only at first, and what fails again", async () => {
  const asked = []
  const outcome = await settle([failed("a", "one", "two"), passed("b", 3), failed("c", "three")], (file) => {
    asked.push(file)
    return Promise.resolve(file === "a" ? passed("a", 3) : failed("c", "four"))
  })
  expect(asked).toStrictEqual(["a", "c"])
  expect(outcome).toStrictEqual({
    passed: 7,
    failed: 1,
    skipped: 0,
    failures: [{ name: "c > four", message: "why" }],
    flaky: ["a > one", "a > two"]
  })
})
