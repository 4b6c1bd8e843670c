/**
 * The launcher on a thread, against the kernel.
 */
import * as LauncherThread from "@chroot-exec/runner/LauncherThread"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { readdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { launcherContract } from "./support/launcherContract.js"
import { busyboxRoot, run, shell } from "./support/Roots.js"

const live = Layer.provide(LauncherThread.layer, LibcLive.layer)

launcherContract("Launcher.thread @node", live)

const counts = () => ({
  descriptors: readdirSync("/proc/self/fd").length,
  threads: readdirSync("/proc/self/task").length
})

layer(live, { excludeTestServices: true })("the process around the thread @node", (it) => {
  it.scoped(
    "has the descriptors and threads that it had, after two hundred steps",
    () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const step = run(shell(root, "exit 0"))
        yield* Effect.repeatN(step, 9)
        const before = counts()
        yield* Effect.repeatN(step, 199)
        expect(counts()).toEqual(before)
      }),
    120_000
  )

  it.scoped(
    "keeps its root for asynchronous and synchronous file calls while steps start",
    () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const host = yield* Effect.promise(() => readFile("/etc/debian_version", "utf8"))
        const steps = Effect.forEach(Array.from({ length: 50 }), () => run(shell(root, "exit 0")), {
          concurrency: "unbounded",
          discard: true
        })
        const looks = Effect.forEach(
          Array.from({ length: 200 }),
          () => Effect.promise(() => readFile("/etc/debian_version", "utf8"))
        )
        const [, seen] = yield* Effect.all([steps, looks], { concurrency: 2 })
        expect(new Set(seen)).toEqual(new Set([host]))
      }),
    120_000
  )
})
