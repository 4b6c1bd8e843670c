import { describe, expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import fc from "fast-check"
import { parseLauncherRecord, revealName } from "../src/Inherited.js"
import * as Arbitrary from "./arbitraries.js"

const ZERO = "0000000000000000"

describe("parseLauncherRecord", () => {
  it("reads what the launcher writes", () => {
    const argument = "inherited:0000000000001000:8000000000000001:0000000000000400:7:2"
    expect(parseLauncherRecord(argument)).toStrictEqual(Option.some({
      ignored: 0x1000n,
      blocked: 0x8000_0000_0000_0001n,
      openFiles: 1024n,
      stdio: { open: [0, 1, 2], nonBlocking: [1] }
    }))
  })

  it.each<[string, ReadonlyArray<number>]>([
    ["0", []],
    ["1", [0]],
    ["2", [1]],
    ["3", [0, 1]],
    ["4", [2]],
    ["5", [0, 2]],
    ["6", [1, 2]],
    ["7", [0, 1, 2]]
  ])("takes the bits of %s for descriptors", (bits, descriptors) => {
    const stdio = (argument: string) => Option.map(parseLauncherRecord(argument), (record) => record.stdio)
    expect(stdio(`inherited:${ZERO}:${ZERO}:${ZERO}:${bits}:0`)).toStrictEqual(
      Option.some({ open: descriptors, nonBlocking: [] })
    )
    expect(stdio(`inherited:${ZERO}:${ZERO}:${ZERO}:0:${bits}`)).toStrictEqual(
      Option.some({ open: [], nonBlocking: descriptors })
    )
  })

  it("keeps all 64 bits: RLIM_INFINITY and sets of real-time signals", () => {
    const word = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn)
    const hex = (value: bigint): string => value.toString(16).padStart(16, "0")
    fc.assert(
      fc.property(word, word, word, (ignored, blocked, openFiles) => {
        expect(parseLauncherRecord(`inherited:${hex(ignored)}:${hex(blocked)}:${hex(openFiles)}:7:0`))
          .toStrictEqual(Option.some({
            ignored,
            blocked,
            openFiles,
            stdio: { open: [0, 1, 2], nonBlocking: [] }
          }))
      }),
      { examples: [[0xffff_ffff_ffff_ffffn, 0n, 0xffff_ffff_ffff_ffffn]] }
    )
  })

  it.each([
    ["nothing", ""],
    ["a subcommand", "chroot-exec"],
    ["a path that begins like one", "inherited:"],
    ["fifteen digits", `inherited:${ZERO.slice(1)}:${ZERO}:${ZERO}:7:0`],
    ["seventeen digits", `inherited:0${ZERO}:${ZERO}:${ZERO}:7:0`],
    ["capital digits", `inherited:${ZERO.slice(1)}A:${ZERO}:${ZERO}:7:0`],
    ["a sign", `inherited:-${ZERO.slice(1)}:${ZERO}:${ZERO}:7:0`],
    ["a fourth descriptor", `inherited:${ZERO}:${ZERO}:${ZERO}:8:0`],
    ["a fourth descriptor that does not wait", `inherited:${ZERO}:${ZERO}:${ZERO}:7:8`],
    ["a missing field", `inherited:${ZERO}:${ZERO}:${ZERO}:7`],
    ["a further field", `inherited:${ZERO}:${ZERO}:${ZERO}:7:0:0`],
    ["text before", ` inherited:${ZERO}:${ZERO}:${ZERO}:7:0`],
    ["a newline after", `inherited:${ZERO}:${ZERO}:${ZERO}:7:0\n`]
  ])("is none for %s", (_, argument) => {
    expect(parseLauncherRecord(argument)).toStrictEqual(Option.none())
  })
})

/** An exchange, so that a variable that has the hidden form of its own is not taken for another. */
describe("revealName", () => {
  it.each([
    ["\u0001ODE_OPTIONS", "NODE_OPTIONS"],
    ["\u0002PENSSL_CONF", "OPENSSL_CONF"],
    ["\u0003V_THREADPOOL_SIZE", "UV_THREADPOOL_SIZE"],
    ["\u0001ODE_", "NODE_"]
  ])("exchanges %j and %j", (hidden, name) => {
    expect(revealName(hidden)).toBe(name)
    expect(revealName(name)).toBe(hidden)
  })

  it.each([
    "",
    "PATH",
    "NODE",
    "\u0001",
    "\u0001ODE",
    "\u0002ODE_OPTIONS",
    "\u0004V_X",
    "ODE_X",
    "x\u0001ODE_X",
    "XODE_Y"
  ])(
    "leaves %j",
    (name) => {
      expect(revealName(name)).toBe(name)
    }
  )

  it("has no two names for one, and is undone by itself", () => {
    const name = fc.tuple(
      fc.constantFrom("", "N", "O", "U", "\u0001", "\u0002", "\u0003", "x"),
      fc.constantFrom("ODE_", "PENSSL_", "V_", "ODE", ""),
      Arbitrary.name
    )
    fc.assert(fc.property(name.map((parts) => parts.join("")), (name) => {
      expect(revealName(revealName(name))).toBe(name)
    }))
  })
})
