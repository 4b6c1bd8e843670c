/**
 * Fixed operations that a process carries out on itself, against the kernel.
 */
import { expect, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

it("are what the program finds that it becomes, and nobody else", async () => {
  const directory = mkdtempSync(join(tmpdir(), "raw-"))
  try {
    const fixture = join(import.meta.dirname, "fixtures/raw.mjs")
    const script =
      "hostname; touch $0/new 2>/dev/null || echo refused; ps -o pgid= -p $$ | tr -d ' ' | grep -x $$ >/dev/null && "
      + "echo leads; grep -E '^(Groups|CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr '\\t' ' ' | sed 's/ *$//'"
    const { stdout } = await promisify(execFile)(process.execPath, [
      fixture,
      directory,
      script.replaceAll("$0", directory)
    ])
    expect(stdout.trimEnd().split("\n")).toStrictEqual([
      "inside",
      "refused",
      "leads",
      "Groups:",
      "CapEff: 0000000000000000",
      "CapBnd: 0000000000000000",
      "NoNewPrivs: 1"
    ])
    expect(hostname()).not.toBe("inside")
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
