/**
 * From the paths of the command line to a plan: everything is checked before anything is changed.
 */
import { ControlFileInvalid } from "@chroot-exec/core/ControlFile"
import { CString } from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import { MissingCapability } from "@chroot-exec/core/ExecError"
import * as ChrootExec from "@chroot-exec/sys/ChrootExec"
import type { LibcOperations } from "@chroot-exec/sys/Libc"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const valid = JSON.stringify({ cmd: ["/step"], no_chmod: false, env: {}, copy_dir: "/" })

const status = (capabilities: string) => `CapEff:\t${capabilities}\n`

const run = (contents: Readonly<Record<string, string>>, chrootDir = "/host", fault?: LibcRecorder.Fault) => {
  const recorder = LibcRecorder.make({ contents: { "/proc/self/environ": "", ...contents } }, fault)
  const options = {
    controlFile: CString.make("/control.json"),
    chrootDir: CString.make(chrootDir),
    launcher: Option.none()
  }
  return Effect.map(
    Effect.provide(Effect.flip(ChrootExec.run(options)), recorder.layer),
    (error) => ({ error, operations: recorder.calls.map(({ operation }) => operation) })
  )
}

/** What reads and leaves no trace. */
const harmless: ReadonlySet<keyof LibcOperations> = new Set(["open", "read", "close", "getppid", "getrlimit"])

describe("refused requests", () => {
  const cases = [
    {
      name: "a control file that is not there",
      contents: {},
      error: new ChrootExec.ControlFileUnreadable({ file: "/control.json", errno: Errno.of("ENOENT") })
    },
    {
      name: "a control file with several problems",
      contents: { "/control.json": `{ "cmd": ["/step"], "env": {}, "copy_dir": "work" }` },
      error: new ControlFileInvalid({
        file: "/control.json",
        problems: [
          { path: "no_chmod", problem: "is missing" },
          { path: "copy_dir", problem: "must be an absolute path" }
        ]
      })
    },
    {
      name: "a root without CAP_SYS_CHROOT",
      contents: { "/control.json": valid, "/proc/self/status": status("000001fffffbffff") },
      error: new MissingCapability({ capability: "CAP_SYS_CHROOT", directory: "/host" })
    }
  ]
  for (const { contents, error: expected, name } of cases) {
    it.effect(`${name}: nothing but reading happens`, () =>
      Effect.gen(function*() {
        const { error, operations } = yield* run(contents)
        expect(error).toEqual(expected)
        expect(operations.filter((operation) => !harmless.has(operation))).toEqual([])
      }))
  }

  it.effect("a control file that breaks off while it is read, and its descriptor is closed", () =>
    Effect.gen(function*() {
      const fault = { operation: "read", nth: 2, errno: Errno.of("EIO") } as const
      const { error, operations } = yield* run({ "/control.json": valid }, "/host", fault)
      expect(error).toEqual(
        new ChrootExec.ControlFileUnreadable({ file: "/control.json", errno: Errno.of("EIO") })
      )
      expect(operations).toEqual(["open", "read", "read", "close"])
    }))
})

it.effect("the control file is read in the agent's own root, then the caller's state, then the plan begins", () =>
  Effect.gen(function*() {
    const { operations } = yield* run({
      "/control.json": valid,
      "/proc/self/status": status("0000000000040000")
    })
    expect(operations.slice(0, 4)).toEqual(["open", "read", "read", "close"])
    const begin = operations.indexOf("closeRange")
    expect(operations.slice(0, begin).filter((operation) => !harmless.has(operation))).toEqual([])
    expect(operations.slice(begin).filter((operation) => operation === "chroot")).toHaveLength(1)
  }))

it.effect("local needs no capability", () =>
  Effect.gen(function*() {
    const contents = { "/control.json": valid, "/proc/self/status": status("0000000000000000") }
    const { operations } = yield* run(contents, "local")
    expect(operations).toContain("closeRange")
    expect(operations).not.toContain("chroot")
  }))
