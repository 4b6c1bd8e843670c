import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { processEnv } from "../src/Environment.js"
import * as Arbitrary from "./arbitraries.js"

/** The assertions of the Python agent's tests of `_get_process_env(container_env, skyhook_env, chroot_env)`. */
describe("processEnv, as test_chroot_exec.py has it", () => {
  it("lets variables that do not overlap come out of all three", () => {
    const merged = processEnv({ CONTAINER_VAR: "container" }, { SKYHOOK_VAR: "skyhook" }, {
      CHROOT_VAR: "chroot"
    })
    expect(merged).toStrictEqual({ CONTAINER_VAR: "container", SKYHOOK_VAR: "skyhook", CHROOT_VAR: "chroot" })
  })

  it("prefers the chroot's value to the container's", () => {
    const merged = processEnv(
      { SAME_VAR: "container", CONTAINER_VAR: "container" },
      { SKYHOOK_VAR: "skyhook" },
      { SAME_VAR: "chroot", CHROOT_VAR: "chroot" }
    )
    expect(merged).toStrictEqual({
      SAME_VAR: "chroot",
      CONTAINER_VAR: "container",
      CHROOT_VAR: "chroot",
      SKYHOOK_VAR: "skyhook"
    })
  })

  it("prefers the package's value to both", () => {
    const merged = processEnv(
      { SAME_VAR: "container", CONTAINER_VAR: "container" },
      { SAME_VAR: "skyhook", SKYHOOK_VAR: "skyhook" },
      { SAME_VAR: "chroot", CHROOT_VAR: "chroot" }
    )
    expect(merged).toStrictEqual({
      SAME_VAR: "skyhook",
      CONTAINER_VAR: "container",
      CHROOT_VAR: "chroot",
      SKYHOOK_VAR: "skyhook"
    })
  })

  it("makes nothing of three empty environments", () => {
    expect(processEnv({}, {}, {})).toStrictEqual({})
  })

  it("passes on the container's variable when the others are empty", () => {
    expect(processEnv({ CONTAINER_VAR: "container" }, {}, {})).toStrictEqual({ CONTAINER_VAR: "container" })
  })

  it("passes on the package's variable when the others are empty", () => {
    expect(processEnv({}, { SKYHOOK_VAR: "skyhook" }, {})).toStrictEqual({ SKYHOOK_VAR: "skyhook" })
  })

  it("passes on the chroot's variable when the others are empty", () => {
    expect(processEnv({}, {}, { CHROOT_VAR: "chroot" })).toStrictEqual({ CHROOT_VAR: "chroot" })
  })

  it("merges environments that overlap in part, variable by variable", () => {
    const merged = processEnv(
      { PATH: "/container/bin", HOME: "/container/home", USER: "container", ONLY_CONTAINER: "1" },
      { PATH: "/skyhook/bin", ONLY_SKYHOOK: "3" },
      { PATH: "/chroot/bin", HOME: "/chroot/home", ONLY_CHROOT: "2" }
    )
    expect(merged).toStrictEqual({
      PATH: "/skyhook/bin",
      HOME: "/chroot/home",
      USER: "container",
      ONLY_CONTAINER: "1",
      ONLY_CHROOT: "2",
      ONLY_SKYHOOK: "3"
    })
  })

  it("does not modify what it is given", () => {
    const container = { SAME_VAR: "container", CONTAINER_VAR: "container" }
    const skyhook = { SAME_VAR: "skyhook", SKYHOOK_VAR: "skyhook" }
    const chroot = { SAME_VAR: "chroot", CHROOT_VAR: "chroot" }
    const merged = processEnv(container, skyhook, chroot)
    expect(merged.SAME_VAR).toBe("skyhook")
    expect(container).toStrictEqual({ SAME_VAR: "container", CONTAINER_VAR: "container" })
    expect(skyhook).toStrictEqual({ SAME_VAR: "skyhook", SKYHOOK_VAR: "skyhook" })
    expect(chroot).toStrictEqual({ SAME_VAR: "chroot", CHROOT_VAR: "chroot" })
  })
})

describe("processEnv", () => {
  /** Which of the three hold a name, all eight subsets, and whose value comes out. */
  const holders = [
    { container: false, skyhook: false, chroot: false, winner: undefined },
    { container: true, skyhook: false, chroot: false, winner: 0 },
    { container: false, skyhook: true, chroot: false, winner: 1 },
    { container: true, skyhook: true, chroot: false, winner: 1 },
    { container: false, skyhook: false, chroot: true, winner: 2 },
    { container: true, skyhook: false, chroot: true, winner: 2 },
    { container: false, skyhook: true, chroot: true, winner: 1 },
    { container: true, skyhook: true, chroot: true, winner: 1 }
  ]

  it("gives each name the value of package, chroot, container, in this order, whichever of them hold it", () => {
    const variable = fc.record({
      name: Arbitrary.name,
      values: fc.tuple(Arbitrary.value, Arbitrary.value, Arbitrary.value),
      holder: fc.constantFrom(...holders)
    })
    const variables = fc.uniqueArray(variable, { selector: ({ name }) => name, maxLength: 12 })
    fc.assert(
      fc.property(variables, (variables) => {
        const held = (who: "container" | "skyhook" | "chroot", index: 0 | 1 | 2) =>
          Arbitrary.record(
            variables.filter(({ holder }) => holder[who]).map(({ name, values }) => [name, values[index]])
          )
        const merged = processEnv(held("container", 0), held("skyhook", 1), held("chroot", 2))
        const expected = Arbitrary.record(variables.flatMap(({ holder: { winner }, name, values }) => {
          const value = winner === undefined ? undefined : values[winner]
          return value === undefined ? [] : [[name, value] as const]
        }))
        expect(merged).toStrictEqual(expected)
      }),
      { numRuns: 1000 }
    )
  })

  it("has exactly the names of the three, and leaves the three as they were", () => {
    const { environment } = Arbitrary
    fc.assert(fc.property(environment, environment, environment, (...environments) => {
      const before = environments.map((each) => Object.entries(each))
      const names = Object.keys(processEnv(...environments))
      expect(new Set(names)).toStrictEqual(new Set(environments.flatMap((each) => Object.keys(each))))
      expect(environments.map((each) => Object.entries(each))).toStrictEqual(before)
    }))
  })

  it("takes __proto__ for a name like any other", () => {
    const merged = processEnv(
      Arbitrary.record([["__proto__", "container"]]),
      Arbitrary.record([["__proto__", "package"]]),
      Arbitrary.record([["__proto__", "chroot"]])
    )
    expect(Object.entries(merged)).toStrictEqual([["__proto__", "package"]])
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
  })
})
