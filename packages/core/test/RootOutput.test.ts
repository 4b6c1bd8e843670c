import { describe, expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import fc from "fast-check"
import * as Environment from "../src/Environment.js"
import * as SurrogateEscape from "../src/SurrogateEscape.js"
import * as Arbitrary from "./arbitraries.js"

/** The variables in this output of `env -0`, run with `given`. */
const read = (output: string, given: Environment.Environment): Environment.Environment =>
  Option.getOrThrow(Environment.fromNulOutput(SurrogateEscape.encode(output), given))

const nulEnded = (environment: Environment.Environment): string =>
  Environment.toEntries(environment).map((entry) => `${entry}\0`).join("")

const lines = (texts: ReadonlyArray<string>): string => texts.map((text) => `${text}\n`).join("")

describe("fromNulOutput", () => {
  it("reads what env -0 prints", () => {
    const given = { A: "1", B: "=x=y=", C: "" }
    expect(read("A=1\0B==x=y=\0C=\0", given)).toStrictEqual(given)
  })

  it("keeps values with newlines and bytes that are not UTF-8 whole, and makes no variable of their lines", () => {
    const given = { A: "1\nB=overwritten\nC=created\n", B: "2\udcff\udced\udca0\udc80" }
    expect(read(nulEnded(given), given)).toStrictEqual(given)
  })

  it.each(["", "A=1", "A=1\nB=2\n", "env: unrecognized option: 0\n"])(
    "is none without a NUL: %j",
    (output) => {
      expect(Environment.fromNulOutput(SurrogateEscape.encode(output), { A: "1" })).toStrictEqual(
        Option.none()
      )
    }
  )

  it("reads the variables that the root adds and changes", () => {
    expect(read("A=1\0B=root\0C=3\0", { A: "1", B: "2" })).toStrictEqual({ A: "1", B: "root", C: "3" })
  })

  it("reads a wrapper's lines ahead of the first entry as lines", () => {
    const given = { A: "1\n2", B: "3" }
    expect(read("hello\nW=wrapper\nV=\nA=1\n2\0B=3\0", given)).toStrictEqual({
      W: "wrapper",
      V: "",
      A: "1\n2",
      B: "3"
    })
  })

  it("reads a wrapper's lines after the last entry as lines", () => {
    expect(read("A=1\0B=2\0W=wrapper\nbye\nV=x", { A: "1", B: "2" })).toStrictEqual({
      A: "1",
      B: "2",
      W: "wrapper",
      V: "x"
    })
  })

  it("takes a first entry that looks like lines for an entry, when it was given as one", () => {
    const given = { W: "x\nA=1", A: "1" }
    expect(read(nulEnded(given), given)).toStrictEqual(given)
  })

  it("is the identity on what env -0 prints of any environment but the empty one", () => {
    const some = Arbitrary.environment.filter((environment) => Object.keys(environment).length > 0)
    fc.assert(
      fc.property(some, (given) => {
        expect(read(nulEnded(given), given)).toStrictEqual(given)
      }),
      { numRuns: 1000 }
    )
  })

  /**
   * A wrapper's line `W=x` may happen to run on into the first entry as one that was given (`W` with the value
   * `x`, newline, first entry). Nothing can tell that apart, and the result then lacks the first entry. So what
   * holds for all wrappers is about the environment that comes of it: the given one, overwritten by the result.
   */
  it("changes no given variable that no line of the wrapper names, and adds none but those it names", () => {
    // Few letters, so that lines, names and values coincide.
    const letters = (...alphabet: ReadonlyArray<string>) =>
      fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 4 })
    const variables = fc.uniqueArray(fc.tuple(letters("A", "B", "\n"), letters("A", "=", "\n")), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 4
    })
    const texts = fc.array(letters("A", "B", "="), { maxLength: 3 })
    fc.assert(
      fc.property(variables.map(Arbitrary.record), texts, texts, (given, before, after) => {
        const merged = Environment.processEnv(
          given,
          {},
          read(lines(before) + nulEnded(given) + lines(after), given)
        )
        const named = new Set(
          [...before, ...after].filter((line) => line.includes("=")).map((line) => line.split("=")[0])
        )
        const others = (environment: Environment.Environment) =>
          Arbitrary.record(Object.entries(environment).filter(([name]) => !named.has(name)))
        expect(others(merged)).toStrictEqual(others(given))
      }),
      { numRuns: 5000 }
    )
  })

  it("reads every line of a wrapper, when no given variable has a newline", () => {
    const environments = Arbitrary.environment.map(Environment.withoutNewlines)
      .filter((environment) => Object.keys(environment).length > 0)
    const texts = fc.array(fc.stringMatching(/^[W-Z]{1,2}[0-9]=[a-z=]{0,3}$/), { maxLength: 4 })
    fc.assert(
      fc.property(
        environments,
        fc.uniqueArray(texts, { minLength: 2, maxLength: 2 }),
        (given, [before = [], after = []]) => {
          const wrapper = [...before, ...after].map((line) => line.slice(0, line.indexOf("=")))
          fc.pre(
            new Set(wrapper).size === wrapper.length && !wrapper.some((name) => Object.hasOwn(given, name))
          )
          const own = Arbitrary.record(
            [...before, ...after].map((
              line
            ) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
          )
          const result = read(lines(before) + nulEnded(given) + lines(after), given)
          expect(result).toStrictEqual({ ...given, ...own })
        }
      )
    )
  })

  /**
   * The shell that a wrapper runs in adds variables of its own ahead of the given ones: busybox's sh SHLVL,
   * bash PWD. The first entry is then one that was not given.
   */
  it.each([
    ["busybox sh", "W=wrapper\nSHLVL=1\0A=1\0", { W: "wrapper", SHLVL: "1", A: "1" }],
    ["bash", "W=wrapper\nPWD=/\0A=1\0", { W: "wrapper", PWD: "/", A: "1" }],
    ["a shell that says hello", "hello\nPWD=/\0A=1\0", { PWD: "/", A: "1" }],
    ["a wrapper that changes the first variable", "W=wrapper\nA=root\0", { W: "wrapper", A: "root" }]
  ])("reads a wrapper's lines ahead of an entry that was not given: %s", (_, output, expected) => {
    expect(read(output, { A: "1" })).toStrictEqual(expected)
  })

  /** A name that must be there tells the first entry from lines; none in a value does so while env prints it. */
  it("keeps a changed first entry whole, when its value looks like lines", () => {
    expect(read("A=1\nB=evil\nPWD=evil\0B=2\0", { A: "0", B: "2" })).toStrictEqual({
      A: "1\nB=evil\nPWD=evil",
      B: "2"
    })
  })

  /** Nothing tells the entry from the lines ahead of it; split, a value could overwrite other variables. */
  it("keeps a first entry whole that nobody knows", () => {
    expect(read("NEW=1\nA=evil\0A=1\0", { A: "1" })).toStrictEqual({ NEW: "1\nA=evil", A: "1" })
  })

  /** As `fromLines` has it, and Python's agent: of a name that is printed twice the last value counts. */
  it("lets the lines that a wrapper appends override", () => {
    expect(read("PATH=/bin\0PATH=/opt/x\n", { PATH: "/bin" })).toStrictEqual({ PATH: "/opt/x" })
  })

  it("lets env override the lines that a wrapper printed before", () => {
    expect(read("PATH=/opt/x\nPATH=/bin\0", { PATH: "/bin" })).toStrictEqual({ PATH: "/bin" })
  })
})

describe("fromLines", () => {
  const readLines = (output: string) => Environment.fromLines(SurrogateEscape.encode(output))

  it("splits lines, and each on its first =", () => {
    expect(readLines("A=1\nB==x=y=\nC=\n")).toStrictEqual({ A: "1", B: "=x=y=", C: "" })
  })

  it("passes over lines without =, and takes a last line that no newline ends", () => {
    expect(readLines("noequals\n\nA=1\n\nB=2")).toStrictEqual({ A: "1", B: "2" })
  })

  it("takes the last value of a name that occurs twice: what a wrapper appends is meant to override", () => {
    expect(readLines("A=first\nB=x\nA=second\n")).toStrictEqual({ A: "second", B: "x" })
  })

  it("keeps carriage returns and bytes that are not UTF-8", () => {
    expect(readLines("A=1\r\nB=\udcff\n")).toStrictEqual({ A: "1\r", B: "\udcff" })
  })
})
