/**
 * Controllers that are killed, that lack a privilege, or that name a root as they see it.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { controller } from "./support/Controller.js"
import { gone, inRoot, isRunning } from "./support/Processes.js"
import { busyboxRoot } from "./support/Roots.js"

const NOBODY = 65_534

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "controller-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const Started = Schema.decodeUnknownSync(Schema.Struct({ pid: Schema.Int, said: Schema.NumberFromString }))

describe.each(["thread", "process"] as const)("Launcher.%s @node", (launcher) => {
  it.scopedLive("a controller that is killed leaves neither its step nor a daemon of the step's @race", () =>
    Effect.gen(function*() {
      const root = yield* busyboxRoot
      const tmp = yield* temporary
      // The daemon has left group and session, and its parent is gone by the time that it speaks.
      const daemon = "setsid sh -c '(sh -c \"echo \\$\\$; exec sleep 1000 >&- 2>&-\" &)'"
      const { kill, said } = yield* controller({
        launcher,
        root,
        tmp,
        script: `${daemon}; while :; do sleep 1; done`
      })
      const { pid, said: child } = Started(yield* said)
      expect([pid, child].map(isRunning)).toEqual([true, true])
      expect(inRoot(root)).toContain(child)
      yield* kill
      yield* Effect.all([gone(pid), gone(child)])
      expect(readdirSync(tmp)).toEqual([])
    }))

  it.scopedLive("a root without the privilege for it: MissingCapability, and nothing is run", () =>
    Effect.gen(function*() {
      const root = yield* busyboxRoot
      const tmp = yield* temporary
      chmodSync(root, 0o755)
      chownSync(tmp, NOBODY, NOBODY)
      const { said } = yield* controller({ launcher, root, tmp, user: NOBODY, script: "echo ran" })
      expect(yield* said).toMatchObject({
        error: "MissingCapability",
        capability: "CAP_SYS_CHROOT",
        directory: root
      })
      expect(readdirSync(tmp)).toEqual([])
    }))

  it.scopedLive("without privileges a local step runs", () =>
    Effect.gen(function*() {
      const tmp = yield* temporary
      chownSync(tmp, NOBODY, NOBODY)
      const { said } = yield* controller({
        launcher,
        root: "local",
        tmp,
        user: NOBODY,
        script: "id -u; sleep 1000"
      })
      expect(yield* said).toMatchObject({ said: String(NOBODY) })
    }))

  it.scopedLive("a relative root is that of the controller's directory", () =>
    Effect.gen(function*() {
      const root = yield* busyboxRoot
      writeFileSync(join(root, "marker"), "here")
      const { said } = yield* controller({
        launcher,
        root: `./${basename(root)}`,
        cwd: dirname(root),
        script: "cat /marker; sleep 1000"
      })
      expect(yield* said).toMatchObject({ said: "here" })
    }))
})

it.scopedLive("the control file is in memory: a killed controller leaves none @node", () =>
  Effect.gen(function*() {
    const tmp = yield* temporary
    const seen = join(tmp, "seen")
    const agent = join(tmp, "agent")
    const files = join(tmp, "files")
    mkdirSync(files)
    // In the place of an agent: it kills the controller, whose child its parent's parent is.
    const script = [
      "#!/bin/sh",
      `{ cat <&7; echo; echo $$; } > ${seen}`,
      "supervisor=$(cut -d ' ' -f 4 /proc/$PPID/stat)",
      "kill -9 $(cut -d ' ' -f 4 /proc/$supervisor/stat)",
      "exec sleep 1000"
    ]
    writeFileSync(agent, script.join("\n"), { mode: 0o755 })
    const request = { launcher: "process", root: "local", tmp: files, script: "true; sleep 1000" } as const
    const killed = yield* controller({ ...request, agent })
    expect(yield* killed.ended).toBe("SIGKILL")
    const [control = "", pid] = readFileSync(seen, "utf8").split("\n")
    expect(JSON.parse(control)).toMatchObject({ no_chmod: true, env: {}, copy_dir: "/" })
    yield* gone(Number(pid))
    expect(readdirSync(files)).toEqual([])
  }))
