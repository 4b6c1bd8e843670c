/**
 * The launcher that starts `agent chroot-exec`, against the kernel.
 */
import { Launcher } from "@chroot-exec/runner/Launcher"
import * as LauncherProcess from "@chroot-exec/runner/LauncherProcess"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { launcherContract } from "./support/launcherContract.js"
import { busyboxRoot, shell } from "./support/Roots.js"

const agent = join(import.meta.dirname, "../../../node_modules/.bin/agent")

const live = (program: string) => Layer.provide(LauncherProcess.layer({ agent: [program] }), LibcLive.layer)

launcherContract("Launcher.process @node", live(agent))

it.scopedLive("an agent that is not there, or says nothing", () =>
  Effect.gen(function*() {
    const root = yield* busyboxRoot
    const cases = [["/none/agent", ": no such file or directory"], ["/bin/true", ""]] as const
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
          expect(readdirSync("/proc/self/fd")).toHaveLength(descriptors)
        }).pipe(Effect.provide(live(program)))
      )
    }
  }))
