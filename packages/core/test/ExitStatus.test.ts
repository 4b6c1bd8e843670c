import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as ExitStatus from "../src/ExitStatus.js"

/** The macros of wait(2), in arithmetic: high byte the code, low seven bits the signal, between them the core. */
const WTERMSIG = (status: number): number => status % 128
const WCOREDUMP = (status: number): boolean => Math.floor(status / 128) % 2 === 1
const WEXITSTATUS = (status: number): number => Math.floor(status / 256)
const WIFEXITED = (status: number): boolean => WTERMSIG(status) === 0

const words = Array.from({ length: 0x10000 }, (_, status) => status)

const decode = (status: number): ExitStatus.ExitStatus | undefined => {
  try {
    return ExitStatus.fromWaitStatus(status)
  } catch {
    return undefined
  }
}

const isLike = (status: number): boolean => {
  const decoded = decode(status)
  if (WIFEXITED(status)) return decoded?._tag === "Exited" && decoded.code === WEXITSTATUS(status)
  // 127 marks a stopped or continued child, which has not ended; the kernel has 64 signals.
  if (WTERMSIG(status) > 64) return decoded === undefined
  return decoded?._tag === "Signaled" && decoded.signal === WTERMSIG(status)
    && decoded.coreDumped === WCOREDUMP(status)
}

describe("fromWaitStatus", () => {
  it("agrees with the macros of wait(2) on all status words, and dies of one that is no end", () => {
    expect(words.filter((status) => !isLike(status))).toStrictEqual([])
  })

  it.each([
    ["exit(0)", 0x0000, new ExitStatus.Exited({ code: 0 })],
    ["exit(3)", 0x0300, new ExitStatus.Exited({ code: 3 })],
    ["exit(255)", 0xff00, new ExitStatus.Exited({ code: 255 })],
    ["SIGHUP", 0x0001, new ExitStatus.Signaled({ signal: 1, coreDumped: false })],
    ["SIGKILL", 0x0009, new ExitStatus.Signaled({ signal: 9, coreDumped: false })],
    ["SIGSEGV with a core", 0x008b, new ExitStatus.Signaled({ signal: 11, coreDumped: true })],
    ["the last real-time signal", 0x0040, new ExitStatus.Signaled({ signal: 64, coreDumped: false })]
  ])("%s", (_, status, expected) => {
    expect(ExitStatus.fromWaitStatus(status)).toStrictEqual(expected)
  })
})

describe("toExitCode", () => {
  it("is the code of a process that exited, whatever it is", () => {
    const codes = Array.from({ length: 256 }, (_, code) => code)
    expect(codes.map((code) => ExitStatus.toExitCode(new ExitStatus.Exited({ code })))).toStrictEqual(codes)
  })

  it("is 128 and the signal of one that was killed, core or not", () => {
    const signals = Array.from({ length: 64 }, (_, index) => index + 1)
    for (const coreDumped of [false, true]) {
      expect(signals.map((signal) => ExitStatus.toExitCode(new ExitStatus.Signaled({ signal, coreDumped }))))
        .toStrictEqual(signals.map((signal) => 128 + signal))
    }
  })
})

describe("an exit status for people", () => {
  it.each([
    [0x0000, "exit code 0"],
    [0x0300, "exit code 3"],
    [0x0009, "killed by SIGKILL"],
    [0x008b, "killed by SIGSEGV (core dumped)"],
    [0x0022, "killed by SIG34"]
  ])("the status word %i is %s", (status, expected) => {
    expect(ExitStatus.describe(ExitStatus.fromWaitStatus(status))).toBe(expected)
  })
})

describe("ExitStatus", () => {
  it("survives being written down", () => {
    const json = Schema.parseJson(ExitStatus.ExitStatus)
    for (const status of [0x0000, 0x0300, 0x0009, 0x008b].map(ExitStatus.fromWaitStatus)) {
      expect(Schema.decodeSync(json)(Schema.encodeSync(json)(status))).toStrictEqual(status)
    }
  })

  it.each([-1, 256, 1.5, Number.NaN])("has no exit code %d", (code) => {
    expect(() => new ExitStatus.Exited({ code })).toThrow("Expected ")
  })

  it.each([-1, 0, 65, 1.5])("has no signal %d", (signal) => {
    expect(() => new ExitStatus.Signaled({ signal, coreDumped: false })).toThrow("Expected ")
  })
})
