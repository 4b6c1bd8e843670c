/**
 * The manual pages that the build made, as man(1) shows them.
 */
import { describe, expect, it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import { join } from "node:path"

const page = (name: string): string => join(import.meta.dirname, "../man", name)

/** As on a terminal of 200 columns, without its formatting. */
const shown = (name: string): string =>
  execFileSync("man", ["--local-file", page(name)], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], MANWIDTH: "200", LC_ALL: "C.UTF-8" },
    stdio: ["ignore", "pipe", "ignore"]
  })

describe.each([
  "agent.1",
  "agent-chroot-exec.1",
  "agent-jail.1",
  "agent-jail-run.1",
  "agent-run-step.1",
  "agent-sandbox.1",
  "agent-sandbox-run.1",
  "agent-sandbox-sweep.1"
])("%s", (name) => {
  it("is roff that groff has nothing to say about", () => {
    const { status, stderr, stdout } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-z", page(name)], {
      encoding: "utf8"
    })
    expect({ status, stderr, stdout }).toStrictEqual({ status: 0, stderr: "", stdout: "" })
  })
})

it("the page of chroot-exec has the call, both operands and the exit codes", () => {
  const text = shown("agent-chroot-exec.1")
  expect(text).toContain(
    "agent chroot-exec [--dry-run[=text|json]] [--die-with-parent] [--control-fd fd] [--report-fd fd] <control-file> <chroot-dir>"
  )
  expect(text.match(/^ {7}<.*>$/gm)).toStrictEqual(["       <control-file>", "       <chroot-dir>"])
  expect(text).toMatch(/^ {7}126 {4}the command was found but cannot be executed$/m)
  expect(text).toMatch(/^ {7}127 {4}the command was not found$/m)
})

it("the page of agent has the subcommands", () => {
  const [, commands = ""] = /^COMMANDS\n([\s\S]*?)^OPTIONS/m.exec(shown("agent.1")) ?? []
  expect(Array.from(commands.matchAll(/^ {7}(\S+(?: \S+)?)(?: {2,}|$)/gm), ([, name = ""]) => name))
    .toStrictEqual([
      "chroot-exec",
      "run-step",
      "sandbox",
      "sandbox run",
      "sandbox sweep",
      "jail",
      "jail run"
    ])
})
