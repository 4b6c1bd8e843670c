/**
 * What `agent sandbox run` says about a run.
 */
import * as SandboxReport from "@chroot-exec/cli/sandbox/SandboxReport"
import { decodeJob } from "@chroot-exec/sandbox/Job"
import * as Output from "@chroot-exec/sandbox/Output"
import type { Result } from "@chroot-exec/sandbox/Result"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

const { limits } = Either.getOrThrow(decodeJob({ image: "image", command: ["true"] }))

const resultOf = (fields: Partial<Result>): Result => ({
  exitCode: Option.some(0),
  timedOut: false,
  oomKilled: false,
  output: Output.empty,
  artifacts: { files: new Map(), missing: [] },
  usage: { duration: Duration.zero, cpu: Option.none(), peakMemory: Option.none() },
  ...fields
})

describe("the progress of a pull", () => {
  const line = (current: number, columns: number) =>
    SandboxReport.progressLine({ _tag: "Pulling", image: "golang:1.22", current, total: 2 ** 20 }, columns)

  it.each<readonly [string, number, number, string]>([
    ["at its beginning", 0, 80, "[                        ] 0% of 1 MiB pulling \"golang:1.22\""],
    ["in between", 2 ** 19, 80, "[############            ] 50% of 1 MiB pulling \"golang:1.22\""],
    ["at its end", 2 ** 20, 80, "[########################] 100% of 1 MiB pulling \"golang:1.22\""],
    [
      "beyond what was announced",
      2 ** 21,
      80,
      "[########################] 100% of 1 MiB pulling \"golang:1.22\""
    ],
    ["on a narrow terminal", 2 ** 19, 32, "[############            ] 50% "]
  ])("%s", (_, current, columns, expected) => {
    expect(line(current, columns)).toBe(`\r\u001b[K${expected}`)
  })
})

describe("the exit code and the notes", () => {
  it.each<readonly [string, Partial<Result>, number, ReadonlyArray<string>]>([
    ["a command that ended", { exitCode: Option.some(3) }, 3, []],
    ["a command at its time limit", { exitCode: Option.some(137), timedOut: true }, 124, [
      "the time limit of 1m was over and the command was killed; raise --timeout"
    ]],
    ["a run that was over before its command", { exitCode: Option.none(), timedOut: true }, 124, [
      "the time limit of 1m was over before the command was started; raise --timeout"
    ]],
    ["memory that was used up", { exitCode: Option.some(137), oomKilled: true }, 137, [
      "a process was killed since 512 MiB of memory were used up; raise --memory"
    ]],
    ["output that was cut", { output: { ...Output.empty, truncated: true } }, 0, [
      "output after the first 16 MiB was dropped; raise --max-output"
    ]],
    [
      "a file that is not there",
      {
        artifacts: { files: new Map(), missing: [{ path: "/tmp/\u001b", reason: "Missing" }] }
      },
      0,
      ["\"/tmp/\\u001b\" was not collected: there is no such file"]
    ]
  ])("of %s", (_, fields, code, notes) => {
    const result = resultOf(fields)
    expect(SandboxReport.exitCode(result)).toBe(code)
    expect(SandboxReport.notes(result, limits)).toStrictEqual(notes)
  })
})
