import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as Environment from "../src/Environment.js"
import * as SurrogateEscape from "../src/SurrogateEscape.js"
import * as Arbitrary from "./arbitraries.js"

const NUL = Uint8Array.of(0)

const block = (...entries: ReadonlyArray<string>): Uint8Array =>
  Arbitrary.concat(entries.flatMap((entry) => [SurrogateEscape.encode(entry), NUL]))

describe("fromBlock", () => {
  it("splits on the first =", () => {
    expect(Environment.fromBlock(block("A=1", "B==x=y=", "C=", "=nameless"))).toStrictEqual({
      A: "1",
      B: "=x=y=",
      C: "",
      "": "nameless"
    })
  })

  it("keeps newlines and bytes that are not UTF-8", () => {
    const bytes = Uint8Array.from([0x41, 0x3d, 0x31, 0x0a, 0x42, 0x3d, 0xff, 0xed, 0xa0, 0x80, 0x00])
    expect(Environment.fromBlock(bytes)).toStrictEqual({ A: "1\nB=\udcff\udced\udca0\udc80" })
  })

  it("takes the first value of a name that occurs twice, as getenv(3) does", () => {
    expect(Environment.fromBlock(block("A=first", "B=x", "A=second"))).toStrictEqual({ A: "first", B: "x" })
  })

  it("passes over entries without =", () => {
    expect(Environment.fromBlock(block("noise", "A=1", "", "more noise"))).toStrictEqual({ A: "1" })
  })

  it("takes a last entry that no NUL ends", () => {
    expect(Environment.fromBlock(SurrogateEscape.encode("A=1\0B=2"))).toStrictEqual({ A: "1", B: "2" })
  })

  it("finds nothing in nothing", () => {
    expect(Environment.fromBlock(new Uint8Array())).toStrictEqual({})
  })

  it("undoes toEntries, whatever the bytes of names and values", () => {
    fc.assert(
      fc.property(Arbitrary.environment, (environment) => {
        expect(Environment.fromBlock(block(...Environment.toEntries(environment)))).toStrictEqual(environment)
      }),
      { numRuns: 1000 }
    )
  })

  it("is undone by toEntries, byte for byte, when no name is twice there", () => {
    const entry = fc.tuple(
      // Names of digits come first in a JavaScript object; that is the only change of order.
      Arbitrary.bytesWithoutNul.map((name) =>
        name.filter((byte) => byte !== 0x3d && (byte < 0x30 || byte > 0x39))
      ),
      Arbitrary.bytesWithoutNul
    )
    const entries = fc.uniqueArray(entry, { selector: ([name]) => Buffer.from(name).toString("hex") })
    fc.assert(fc.property(entries, (entries) => {
      const bytes = Arbitrary.concat(
        entries.flatMap(([name, value]) => [name, Uint8Array.of(0x3d), value, NUL])
      )
      expect(block(...Environment.toEntries(Environment.fromBlock(bytes)))).toStrictEqual(bytes)
    }))
  })
})

describe("toEntries", () => {
  it("has one entry for each variable, in their order", () => {
    expect(Environment.toEntries({ B: "2", A: "", C: "x=y\n" })).toStrictEqual(["B=2", "A=", "C=x=y\n"])
  })

  it.each([
    ["a value with a NUL", { A: "s3cr3t\0" }],
    ["a name with a NUL", { "A\0": "s3cr3t" }],
    ["a value that maps to no bytes", { A: "s3cr3t\ud800" }]
  ])("dies of %s, and does not show it", (_, environment) => {
    expect(() => Environment.toEntries(environment)).toThrow(
      new RangeError("text with a NUL or a lone surrogate where the kernel takes bytes")
    )
  })
})

describe("withoutNewlines", () => {
  it("leaves out a variable with a newline in its name or its value", () => {
    expect(Environment.withoutNewlines({ A: "1", B: "1\n", "C\nD": "1", E: "\r", "": "" })).toStrictEqual({
      A: "1",
      E: "\r",
      "": ""
    })
  })

  it("leaves what survives a print-out in lines", () => {
    fc.assert(fc.property(Arbitrary.environment, (environment) => {
      const survivors = Environment.withoutNewlines(environment)
      const printed = Environment.toEntries(survivors).map((entry) => `${entry}\n`).join("")
      expect(Environment.fromLines(SurrogateEscape.encode(printed))).toStrictEqual(survivors)
      const left = Object.entries(environment).filter(([name]) => !Object.hasOwn(survivors, name))
      expect(left.every((variable) => variable.join("=").includes("\n"))).toBe(true)
    }))
  })
})
