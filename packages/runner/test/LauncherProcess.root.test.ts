/**
 * The launcher that starts `agent chroot-exec`, against the kernel.
 */
import { Launcher } from "@chroot-exec/runner/Launcher"
import * as LauncherProcess from "@chroot-exec/runner/LauncherProcess"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { launcherContract } from "./support/launcherContract.js"
import { busyboxRoot, request, run, shell } from "./support/Roots.js"

const agent = join(import.meta.dirname, "../../../node_modules/.bin/agent")

const live = (program: string) => Layer.provide(LauncherProcess.layer({ agent: [program] }), LibcLive.layer)

launcherContract("Launcher.process @node", live(agent))

/** Of this process: others run tests, too. */
const controlDirectories = () =>
  readdirSync(tmpdir()).filter((name) => new RegExp(`^chroot-exec-\\d+-${process.pid}-`).test(name))

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
    const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? ""
    const named = (name: string) => join(tmpdir(), `chroot-exec-${name}`)
    const gone = named(`${namespace}-${process.pid}-1-AbCdEf`)
    const other = named("other")
    const link = named(`${namespace}-999999999-2-AbCdEf`)
    const somebodys = named(`${namespace}-999999999-3-AbCdEf`)
    // Of a container that shares the directory: its processes cannot be seen.
    const elsewhere = named("1-999999999-4-AbCdEf")
    const longGone = named("1-999999999-5-AbCdEf")
    const directories = [gone, other, somebodys, elsewhere, longGone]
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        for (const directory of directories) mkdirSync(directory)
        symlinkSync(other, link)
        chownSync(somebodys, 65_534, 65_534)
        utimesSync(longGone, 0, 0)
      }),
      () =>
        Effect.sync(() =>
          [...directories, link].forEach((path) => rmSync(path, { recursive: true, force: true }))
        )
    )
    yield* Effect.scoped(Effect.provide(Launcher, live(agent)))
    expect([...directories, link].filter(existsSync)).toEqual([other, somebodys, elsewhere, link])
  }))

it.scopedLive("an agent that is not there, or says nothing", () =>
  Effect.gen(function*() {
    const root = yield* busyboxRoot
    const cases = [["/none/agent", ": no such file or directory"], ["/bin/true", ""]] as const
    const before = controlDirectories()
    for (const [program, why] of cases) {
      // The scope is still open: nothing waits for its end.
      yield* Effect.scoped(
        Effect.gen(function*() {
          const { launch } = yield* Launcher
          const descriptors = readdirSync("/proc/self/fd").length
          const error = yield* Effect.flip(launch(shell(root, "exit 0")))
          expect(error).toMatchObject({ _tag: "LauncherFailed", what: "agent" })
          expect(error.message).toBe(
            `agent chroot-exec has not become the step${why}; check that it runs by itself`
          )
          expect(controlDirectories()).toEqual(before)
          expect(readdirSync("/proc/self/fd")).toHaveLength(descriptors)
        }).pipe(Effect.provide(live(program)))
      )
    }
  }))
