/**
 * A thread that cannot return to its root: its step is ended, and another thread takes its place.
 */
import { Launcher } from "@chroot-exec/runner/Launcher"
import * as LauncherThread from "@chroot-exec/runner/LauncherThread"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as WorkerThreads from "node:worker_threads"
import { vi } from "vitest"
import { inRoot } from "./support/Processes.js"
import { busyboxRoot, run, shell } from "./support/Roots.js"

const threads = vi.hoisted(() => ({ started: 0 }))

vi.mock("node:worker_threads", async (original) => {
  const actual = await original<typeof WorkerThreads>()
  class Worker extends actual.Worker {
    constructor(_program: string | URL, options: WorkerThreads.WorkerOptions) {
      const argv = threads.started === 0 ? ["strays"] : []
      threads.started += 1
      super(new URL("fixtures/strayingWorker.mjs", import.meta.url), { ...options, argv })
    }
  }
  return { ...actual, Worker }
})

it.scopedLive("the step fails, nothing of it is left, and the next one has a new thread @node", () =>
  Effect.gen(function*() {
    const root = yield* busyboxRoot
    const { launch } = yield* Launcher
    // A failure's own text alone: a step that runs is nothing to print.
    const outcome = yield* Effect.match(launch(shell(root, "sleep 1000")), {
      onFailure: ({ _tag, message }) => ({ _tag, message }),
      onSuccess: () => ({ _tag: "launched", message: "" })
    })
    expect(outcome._tag).toBe("LauncherFailed")
    expect(outcome.message).toBe(
      "the launcher's thread has failed: operation not permitted; the step was not run, or was ended"
    )
    expect(inRoot(root)).toEqual([])
    expect(threads.started).toBe(1)
    expect((yield* run(shell(root, "echo new"))).stdout).toBe("new\n")
    expect((yield* run(shell(root, "echo same"))).stdout).toBe("same\n")
    expect(threads.started).toBe(2)
  }).pipe(Effect.provide(Layer.provide(LauncherThread.layer, LibcLive.layer))))
