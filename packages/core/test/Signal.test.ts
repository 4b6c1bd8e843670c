import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { constants } from "node:os"
import * as Signal from "../src/Signal.js"

const all = Array.from({ length: 64 }, (_, index) => index + 1)

describe("a signal", () => {
  it("has a name for every number, the standard ones their own", () => {
    const named = all.map(Signal.name)
    expect(new Set(named).size).toBe(64)
    expect(named.filter((name) => /^SIG\d+$/.test(name))).toStrictEqual(
      Array.from({ length: 33 }, (_, index) => `SIG${index + 32}`)
    )
  })

  it.runIf(process.platform === "linux")("has the number that Node knows", () => {
    const known = all.slice(0, 31).map((number) => [Signal.name(number), number])
    // SIGIOT and SIGPOLL are second names of SIGABRT and SIGIO.
    const { SIGIOT, SIGPOLL, ...node } = constants.signals
    expect(Object.fromEntries(known)).toStrictEqual({ ...node })
    expect([SIGIOT, SIGPOLL]).toStrictEqual([Signal.toNumber("SIGABRT"), Signal.toNumber("SIGIO")])
  })

  it.each(
    [["SIGHUP", 1], ["SIGKILL", 9], ["SIGPIPE", 13], ["SIGTERM", 15], ["SIGXFSZ", 25], [
      "SIGSYS",
      31
    ]] as const
  )(
    "%s is %i",
    (name, number) => {
      expect(Signal.toNumber(name)).toBe(number)
      expect(Signal.name(number)).toBe(name)
    }
  )

  it.each([0, -1, 65, 1000])("named %i is none that there is, and is shown as a number", (number) => {
    expect(Signal.name(number)).toBe(`SIG${number}`)
  })
})

describe("a set of signals", () => {
  it("has the bits that /proc/PID/status shows", () => {
    expect(Signal.set()).toBe(0n)
    expect(Signal.set("SIGHUP")).toBe(0x1n)
    expect(Signal.set("SIGPIPE", "SIGXFSZ")).toBe(0x1001000n)
    expect(Signal.set("SIGTERM", "SIGHUP", "SIGTERM", "SIGQUIT", "SIGINT")).toBe(0x4007n)
    expect(Signal.set("SIGSYS")).toBe(0x4000_0000n)
  })

  it("lists its numbers, the first and the last bit included", () => {
    expect(Signal.numbers(0n)).toStrictEqual([])
    expect(Signal.numbers(0x8000_0000_0000_0001n)).toStrictEqual([1, 64])
    expect(Signal.numbers(0xffff_ffff_ffff_ffffn)).toStrictEqual(all)
  })

  it("has exactly the numbers that it lists, ascending, and is made of them again", () => {
    fc.assert(fc.property(fc.bigInt(0n, 0xffff_ffff_ffff_ffffn), (signals) => {
      const numbers = Signal.numbers(signals)
      expect(numbers).toStrictEqual(all.filter((number) => Signal.has(signals, number)))
      expect(numbers.reduce((bits, number) => bits + 2n ** BigInt(number - 1), 0n)).toBe(signals)
    }))
  })

  it.each([0, -1, 65])("has no signal %i", (number) => {
    expect(Signal.has(0xffff_ffff_ffff_ffffn, number)).toBe(false)
  })
})
