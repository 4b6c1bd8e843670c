/**
 * Runs a conformance case against the built `agent`.
 */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { expect } from "vitest"
import { containerEnv, withNode } from "./Agent.js"
import type { Case } from "./Case.js"
import { isUnprivileged } from "./Case.js"
import * as Child from "./Child.js"
import { check } from "./Expectations.js"
import * as Sandbox from "./Sandbox.js"

/** Bytes of a text with the escapes of PEP 383, in hexadecimal digits. */
const hexOf = (text: string): string =>
  Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0
    return point >= 0xdc80 && point <= 0xdcff
      ? (point - 0xdc00).toString(16)
      : Buffer.from(character).toString("hex")
  }).join("")

/** Node can pass only text, so that perl puts bytes into the environment, and nothing else. */
const withBytes = (variables: Readonly<Record<string, string>>): ReadonlyArray<string> => [
  "perl",
  "-e",
  "%ENV = (%ENV, map { pack 'H*', $_ } split /,/, shift, -1); exec { $ARGV[0] } @ARGV",
  Object.entries(variables).flatMap(([name, hex]) => [hexOf(name), hex]).join(",")
]

const withoutCapability = (capability: string): ReadonlyArray<string> => [
  "capsh",
  `--drop=${capability}`,
  "--",
  "-c",
  "exec \"$@\"",
  "sh"
]

/** Every text in a JSON value, names included. */
const mapStrings = (value: unknown, f: (text: string) => string): unknown => {
  if (typeof value === "string") return f(value)
  if (Array.isArray(value)) return value.map((element) => mapStrings(element, f))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, element]) => [f(name), mapStrings(element, f)]))
}

const shell = (script: string, { root, tmp }: Sandbox.Sandbox): void => {
  execFileSync("sh", ["-ec", script], { env: { ...process.env, ROOT: root, TMP: tmp }, stdio: "inherit" })
}

const prepare = (c: Case, sandbox: Sandbox.Sandbox): void => {
  const { control, fill, place } = sandbox
  for (const [path, { mode, text }] of Object.entries(c.files ?? {})) {
    Sandbox.writeFile(place(path), fill(text), Number.parseInt(mode, 8), c.asUser)
  }
  for (const [path, target] of Object.entries(c.links ?? {})) Fs.symlinkSync(fill(target), place(path))
  if (c.setup !== undefined) shell(c.setup, sandbox)
  if (c.controlText !== undefined) Fs.writeFileSync(control, c.controlText)
  else if (c.control !== undefined) Fs.writeFileSync(control, JSON.stringify(mapStrings(c.control, fill)))
}

const environment = (c: Case, { fill }: Sandbox.Sandbox): Readonly<Record<string, string>> => {
  const given = c.onlyEnv ?? { ...containerEnv, ...c.env }
  return Object.fromEntries(
    Object.entries(given).map((
      [name, value]
    ) => [name, name === "PATH" ? withNode(fill(value)) : fill(value)])
  )
}

const command = (c: Case, agent: string, { control, fill, root }: Sandbox.Sandbox): ReadonlyArray<string> => {
  const chrootDir = c.local === true ? "local" : c.rootRelative === true ? "root" : fill(c.root ?? root)
  return [
    ...(c.envBytes === undefined ? [] : withBytes(c.envBytes)),
    ...(c.proc === undefined ? [] : ["unshare", `--mount-proc=${root}/proc`]),
    ...(c.pre ?? []).map(fill),
    ...(c.dropCap === undefined ? [] : withoutCapability(c.dropCap)),
    agent,
    ...(c.argv?.map(fill) ?? ["chroot-exec", control, chrootDir])
  ]
}

/** Runs the case with this `agent` and fails with what does not hold. */
export const runCase = (c: Case, agent: string) =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: !isUnprivileged(c) })
    yield* Effect.acquireRelease(
      Effect.sync(() => prepare(c, sandbox)),
      () => Effect.sync(() => c.teardown === undefined ? undefined : shell(c.teardown, sandbox))
    )
    const verify = check(c.expect, sandbox)
    const child = yield* Child.start({
      command: command(c, agent, sandbox),
      env: environment(c, sandbox),
      cwd: sandbox.tmp,
      stdin: c.stdin === undefined ? undefined : sandbox.fill(c.stdin),
      extraFds: c.extraFds,
      user: c.asUser
    })
    if (c.signalOnReady !== undefined) {
      expect(yield* child.firstLine).toContain("\n")
      process.kill(child.pid, c.signalOnReady)
    }
    verify(child.pid, yield* child.ended)
  }).pipe(Effect.scoped)
