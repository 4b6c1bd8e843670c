/**
 * What a case expects, against what was seen.
 */
import * as Fs from "node:fs"
import { basename, dirname } from "node:path"
import { expect } from "vitest"
import { withNode } from "./Agent.js"
import type { Expectation } from "./Case.js"
import type { Ended } from "./Child.js"
import type { Sandbox } from "./Sandbox.js"

/** The lines `NAME=value` that a step printed. A map, since names can be anything. */
const variables = (output: string): ReadonlyMap<string, string> =>
  new Map(
    output.split("\n").filter((line) => line.includes("=")).map((line) => {
      const at = line.indexOf("=")
      return [line.slice(0, at), line.slice(at + 1)]
    })
  )

/** Everything that changes when somebody writes to a file, or only sets the mode that it has. */
const fingerprint = (path: string) => {
  const { ctimeNs, gid, ino, mode, mtimeNs, size, uid } = Fs.lstatSync(path, { bigint: true })
  return { ctimeNs, gid, ino, mode, mtimeNs, size, uid }
}

const checkFiles = (wanted: Expectation, { fill, place }: Sandbox): void => {
  const modes = Object.keys(wanted.modes ?? {}).map((path) => [
    path,
    (Fs.statSync(place(path)).mode & 0o7777).toString(8).padStart(4, "0")
  ])
  expect(Object.fromEntries(modes)).toStrictEqual(wanted.modes ?? {})
  for (const [path, content] of Object.entries(wanted.contents ?? {})) {
    expect(Fs.readFileSync(place(path), "utf8")).toBe(fill(content))
  }
  for (const path of wanted.absent ?? []) {
    // Where it would be if it were there.
    expect(Fs.readdirSync(dirname(place(path)))).not.toContain(basename(path))
  }
}

const checkOutput = (
  wanted: Expectation,
  { fill }: Sandbox,
  pid: number,
  { stderr, stdout }: Ended
): void => {
  const [out, err] = [stdout.toString(), stderr.toString()]
  if (wanted.stdoutBytes !== undefined) expect(stdout.length).toBe(wanted.stdoutBytes)
  if (wanted.stdoutHex !== undefined) expect(stdout.toString("hex")).toBe(wanted.stdoutHex)
  if (wanted.stdoutIsPid === true) expect(out).toBe(`${pid}\n`)
  for (const text of wanted.stdoutContains ?? []) expect(out).toContain(fill(text))
  for (const text of wanted.stderrContains ?? []) expect(err).toContain(fill(text))
  for (const text of wanted.stderrLacks ?? []) expect(err).not.toContain(fill(text))
  if (wanted.stderrMaxLines !== undefined) {
    expect(err.trimEnd().split("\n").length).toBeLessThanOrEqual(wanted.stderrMaxLines)
  }
  if (wanted.envExactly !== undefined) {
    const expected = Object.entries(wanted.envExactly).map(([name, value]) =>
      [name, name === "PATH" ? withNode(value) : value] as const
    )
    expect(variables(out)).toStrictEqual(new Map(expected))
  }
}

/** Takes note of what must not change, and returns the check of what came of it. */
export const check = (wanted: Expectation, sandbox: Sandbox) => {
  const { fill, place } = sandbox
  const untouched = (wanted.untouched ?? []).map((path) => [path, fingerprint(place(path))] as const)
  return (pid: number, ended: Ended): void => {
    // How it ended comes with all that it said, so that a failure explains itself.
    const [stdout, stderr] = [ended.stdout.toString(), ended.stderr.toString()]
    expect({ exit: ended.exit, signal: ended.signal, stdout, stderr }).toStrictEqual({
      exit: wanted.exit ?? null,
      signal: wanted.signal ?? null,
      stdout: wanted.stdout === undefined ? stdout : fill(wanted.stdout),
      stderr: wanted.stderr === undefined ? stderr : fill(wanted.stderr)
    })
    checkOutput(wanted, sandbox, pid, ended)
    checkFiles(wanted, sandbox)
    for (const [path, before] of untouched) expect(fingerprint(place(path))).toStrictEqual(before)
  }
}
