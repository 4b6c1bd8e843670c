/**
 * The launcher that starts `agent chroot-exec`, against the kernel.
 */
import { Launcher } from "@chroot-exec/runner/Launcher"
import * as LauncherProcess from "@chroot-exec/runner/LauncherProcess"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { launcherContract } from "./support/launcherContract.js"
import { busyboxRoot, request, run, shell } from "./support/Roots.js"

const agent = join(import.meta.dirname, "../../../node_modules/.bin/agent")

const live = (program: string) => Layer.provide(LauncherProcess.layer({ agent: [program] }), LibcLive.layer)

launcherContract("Launcher.process", live(agent))

/** Of this process: others run tests, too. */
const controlDirectories = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`chroot-exec-${process.pid}-`))

it.scopedLive("no control file is left while the step runs, nor after a failure", () =>
  Effect.gen(function*() {
    const root = yield* busyboxRoot
    const { launch } = yield* Launcher
    const before = controlDirectories()
    yield* Effect.scoped(Effect.gen(function*() {
      yield* launch(shell(root, "sleep 1000"))
      expect(controlDirectories()).toEqual(before)
    }))
    yield* Effect.flip(run(request(root, ["/none"])))
    expect(controlDirectories()).toEqual(before)
  }).pipe(Effect.provide(live(agent))))

it.scopedLive("control files of processes that are gone are removed, and nothing else", () =>
  Effect.gen(function*() {
    const gone = join(tmpdir(), "chroot-exec-999999-1-AbCdEf")
    const other = join(tmpdir(), "chroot-exec-other")
    const link = join(tmpdir(), "chroot-exec-999999-2-AbCdEf")
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        for (const directory of [gone, other]) mkdirSync(directory)
        symlinkSync(other, link)
      }),
      () =>
        Effect.sync(() =>
          [gone, other, link].forEach((path) => rmSync(path, { recursive: true, force: true }))
        )
    )
    yield* Effect.scoped(Effect.provide(Launcher, live(agent)))
    expect([gone, other, link].map(existsSync)).toEqual([false, true, true])
  }))

it.scopedLive("an agent that is not there, or says nothing", () =>
  Effect.gen(function*() {
    const root = yield* busyboxRoot
    for (const [program, errno] of [["/none/agent", "ENOENT"], ["/bin/true", undefined]] as const) {
      const error = yield* Effect.flip(Effect.provide(run(shell(root, "exit 0")), live(program)))
      expect(error).toMatchObject({ _tag: "LauncherFailed", what: "agent" })
      if (errno !== undefined) expect(error.message).toContain("no such file")
    }
  }))
