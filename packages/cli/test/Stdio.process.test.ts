/**
 * Writing to a pipe that was given to us non-blocking.
 */
import { writeReport } from "@chroot-exec/cli/shared/Stdio"
import { expect, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, vi } from "vitest"

const { O_NONBLOCK, O_RDWR } = constants

let directory = ""
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "stdio-"))
})
afterAll(() => rmSync(directory, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

/** Everything that is in the pipe now. */
const drain = (pipe: number): string => {
  const chunk = Buffer.alloc(2 ** 20)
  return chunk.toString("latin1", 0, readSync(pipe, chunk))
}

it("a line that is larger than the pipe comes whole, to a reader who reads only while the writer waits", () => {
  const path = join(directory, "pipe")
  execFileSync("mkfifo", [path])
  const pipe = openSync(path, O_RDWR | O_NONBLOCK)
  try {
    const line = `${Array.from({ length: 400_000 }, (_, index) => index).join(" ")}\n`
    const read: Array<string> = []
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      read.push(drain(pipe))
      return "timed-out"
    })
    expect(writeReport(pipe, line)).toBe(true)
    expect([...read, drain(pipe)].join("")).toBe(line)
    // The pipe was full: with the largest pages it holds a megabyte.
    expect(read).not.toStrictEqual([])
  } finally {
    closeSync(pipe)
  }
})
