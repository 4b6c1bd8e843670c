/**
 * The acceptance criteria of the document that describes `chroot-exec`, as far as they need a real chroot.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { call, writeControl } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const CHROOT = ["chroot-exec", "{control}", "{root}"]

const sandboxed = (name: string, test: (sandbox: Sandbox.Sandbox) => Effect.Effect<void>) =>
  it.scopedLive(name, () => Effect.flatMap(Sandbox.scoped({ withRoot: true }), test))

const succeeds = (stdout: string) => ({ exit: 0, signal: null, stdout, stderr: "" })

describe("env captured pre-chroot still propagates post-chroot", () => {
  sandboxed("to the step", (sandbox) =>
    Effect.gen(function*() {
      writeControl(sandbox, { cmd: ["/bin/sh", "-c", "cat /etc/marker; echo $CONTAINER_ONLY $MORE"] })
      const { pid: _, ...said } = yield* call(sandbox, CHROOT, { env: { MORE: "than one" } })
      expect(said).toStrictEqual(succeeds("CHROOTMARK\nc1 than one\n"))
    }))

  sandboxed("to the root's env, which may change it", (sandbox) =>
    Effect.gen(function*() {
      Sandbox.writeFile(
        `${sandbox.root}/usr/bin/env`,
        "#!/bin/sh\necho MORE=\"$MORE in $(cat /etc/marker)\"\n",
        0o755
      )
      writeControl(sandbox, { cmd: ["/bin/sh", "-c", "echo $MORE"] })
      const { pid: _, ...said } = yield* call(sandbox, CHROOT, { env: { MORE: "known" } })
      expect(said).toStrictEqual(succeeds("known in CHROOTMARK\n"))
    }))
})

sandboxed("the chroot only persists for the duration of the step", (sandbox) =>
  Effect.gen(function*() {
    writeControl(sandbox, { cmd: ["/bin/cat", "/etc/marker"], copy_dir: "/work" })
    // The caller's own root and directory are what they were, also for its next child.
    const { pid: _, ...said } = yield* call(sandbox, CHROOT, {
      pre: ["sh", "-c", "\"$@\"; pwd; [ -e /etc/marker ] || echo outside", "sh"]
    })
    expect(said).toStrictEqual(succeeds(`CHROOTMARK\n${sandbox.tmp}\noutside\n`))
  }))

describe("absolute-path validation on copy_dir matches Python", () => {
  // os.path.isabs on POSIX only looks at the first character.
  for (const copyDir of ["/", "//work", "/work/../work", "/work/"]) {
    sandboxed(`${JSON.stringify(copyDir)} is absolute`, (sandbox) =>
      Effect.gen(function*() {
        writeControl(sandbox, { cmd: ["/bin/echo", "ran"], copy_dir: copyDir })
        const { pid: _, ...said } = yield* call(sandbox, CHROOT)
        expect(said).toStrictEqual(succeeds("ran\n"))
      }))
  }
  for (const copyDir of ["work", "", "./", "../", " /", "\\work"]) {
    sandboxed(`${JSON.stringify(copyDir)} is not`, (sandbox) =>
      Effect.gen(function*() {
        writeControl(sandbox, { cmd: ["/bin/echo", "ran"], copy_dir: copyDir })
        const { pid: _, ...said } = yield* call(sandbox, CHROOT)
        expect(said).toStrictEqual({
          exit: 125,
          signal: null,
          stdout: "",
          stderr: `agent: control file "${sandbox.control}": copy_dir must be an absolute path\n`
        })
      }))
  }
})

sandboxed(
  "\"local\" makes no chroot even for root, and a directory of that name does",
  (sandbox) =>
    Effect.gen(function*() {
      writeControl(sandbox, { cmd: ["/bin/sh", "-c", "[ -e /etc/marker ] && echo chrooted || echo not"] })
      Fs.rmSync(sandbox.local, { recursive: true })
      Fs.renameSync(sandbox.root, sandbox.local)
      const outcomes: Array<string> = []
      for (const root of ["local", "./local"]) {
        outcomes.push((yield* call(sandbox, ["chroot-exec", "{control}", root])).stdout)
      }
      expect(outcomes).toStrictEqual(["not\n", "chrooted\n"])
    })
)
