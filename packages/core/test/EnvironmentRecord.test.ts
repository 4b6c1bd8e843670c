import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { decodeControlFile } from "../src/ControlFile.js"
import * as Environment from "../src/Environment.js"
import * as Arbitrary from "./arbitraries.js"

const decode = Schema.decodeUnknownEither(Environment.EnvironmentRecord, { errors: "all" })

/** The problems of `env`, as whoever wrote the control file sees them. */
const problems = (env: unknown): unknown => {
  const control = JSON.stringify({ cmd: ["/step"], no_chmod: false, env, copy_dir: "/" })
  return Either.match(decodeControlFile(control), {
    onLeft: (error) => error.problems,
    onRight: (control) => control
  })
}

const NAME = "must be a variable name (not empty, no \"=\")"
const NUL = "must be text without a NUL"
const SURROGATE = "must be text that maps to bytes (no lone surrogate)"
const STRING = "must be a string"

describe("EnvironmentRecord", () => {
  it("keeps every variable, whatever its name means to JavaScript", () => {
    const env: unknown = JSON.parse(
      `{ "__proto__": "1", "constructor": "2", "toString": "3", "hasOwnProperty": "4", "valueOf": "5", "1": "6" }`
    )
    const decoded = Either.getOrThrow(decode(env))
    expect(Object.entries(decoded)).toStrictEqual([
      ["1", "6"],
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", "3"],
      ["hasOwnProperty", "4"],
      ["valueOf", "5"]
    ])
  })

  it("is the identity on every environment that can be written down", () => {
    const names = Arbitrary.name.filter((name) => name !== "")
    const environments = fc.uniqueArray(fc.tuple(names, Arbitrary.value), { selector: ([name]) => name })
    fc.assert(fc.property(environments.map(Arbitrary.record), (environment) => {
      expect(Either.getOrThrow(decode(environment))).toStrictEqual(environment)
      expect(Schema.encodeSync(Environment.EnvironmentRecord)(environment)).toStrictEqual(environment)
    }))
  })

  it("takes values of any shape of text", () => {
    const env = {
      EMPTY: "",
      EQUALS: "=x==y=",
      LINES: "1\n2=3\n",
      ESCAPE: "\udcff",
      ASTRAL: "😀",
      "a b\n": "x"
    }
    expect(Either.getOrThrow(decode(env))).toStrictEqual(env)
  })

  it.each<[string, unknown, string]>([
    ["null", null, "null"],
    ["a list", [], "a list"],
    ["a list of entries", ["A=1"], "a list"],
    ["a string", "A=1", "a string"],
    ["a number", 1, "a number"],
    ["a boolean", true, "a boolean"]
  ])("refuses %s", (_, env, kind) => {
    expect(problems(env)).toStrictEqual([
      { path: "env", problem: `must be an object of strings, not ${kind}` }
    ])
  })

  it.each<[string, unknown, string]>([
    ["a number", 1, `${STRING}, not a number`],
    ["a boolean", false, `${STRING}, not a boolean`],
    ["null", null, `${STRING}, not null`],
    ["a list", ["x"], `${STRING}, not a list`],
    ["an object", { B: "x" }, `${STRING}, not an object`],
    ["a value with a NUL", "a\0b", NUL],
    ["a high surrogate alone", "\ud800", SURROGATE],
    ["a low surrogate that is no escape", "\udc7f", SURROGATE],
    ["a low surrogate above the escapes", "\udd00", SURROGATE]
  ])("refuses %s, under the variable's name", (_, value, problem) => {
    expect(problems({ GOOD: "1", A: value })).toStrictEqual([{ path: "env.A", problem }])
  })

  it.each([
    ["an empty name", "", "env[\"\"]", NAME],
    ["a name with =", "A=B", "env[\"A=...\"]", NAME],
    ["a name that is =", "=", "env[\"=...\"]", NAME],
    ["a name with a NUL", "A\0", "env[\"A\\u0000\"]", NUL],
    ["a name that maps to no bytes", "\ud800", "env[\"\\ud800\"]", SURROGATE]
  ])("refuses %s", (_, name, path, problem) => {
    expect(problems({ GOOD: "1", [name]: "x" })).toStrictEqual([{ path, problem }])
  })

  it("reports all that is wrong, in the order of the file, names as paths", () => {
    const env: unknown = JSON.parse(
      `{ "A": 1, "B": "good", "__proto__": null, "C D": [], "": "x", "E": "\\u0000" }`
    )
    expect(problems(env)).toStrictEqual([
      { path: "env.A", problem: `${STRING}, not a number` },
      { path: "env.__proto__", problem: `${STRING}, not null` },
      { path: "env[\"C D\"]", problem: `${STRING}, not a list` },
      { path: "env[\"\"]", problem: NAME },
      { path: "env.E", problem: NUL }
    ])
  })

  it("reports a bad name and its bad value both", () => {
    expect(problems({ "A=B": 1 })).toStrictEqual([
      { path: "env[\"A=...\"]", problem: NAME },
      { path: "env[\"A=...\"]", problem: `${STRING}, not a number` }
    ])
  })

  /** U+DCC3 U+DCA9 stand for the bytes C3 A9, which are é: execve would get two variables of one name. */
  it("spells what the kernel takes for the same in one way, and lets the last of one name count", () => {
    const env = { "\udcc3\udca9": "1", A: "\udce2\udc82\udcac\udcff" }
    expect(Either.getOrThrow(decode(env))).toStrictEqual({ é: "1", A: "€\udcff" })
    expect(Either.getOrThrow(decode({ é: "1", "\udcc3\udca9": "2" }))).toStrictEqual({ é: "2" })
  })
})

describe("get", () => {
  it("knows the environment's own variables only", () => {
    expect(Environment.get({ A: "1" }, "A")).toBe("1")
    expect(Environment.get({ A: "1" }, "B")).toBeUndefined()
    expect(Environment.get({ A: "1" }, "constructor")).toBeUndefined()
    expect(Environment.get({ A: "1" }, "__proto__")).toBeUndefined()
    expect(Environment.get(Arbitrary.record([["__proto__", "1"]]), "__proto__")).toBe("1")
  })
})
