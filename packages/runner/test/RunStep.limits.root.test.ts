/**
 * The limits of time of a step, each of which is reached once the step has come to where it matters.
 */
import type { Launcher } from "@chroot-exec/runner/Launcher"
import * as LauncherThread from "@chroot-exec/runner/LauncherThread"
import { runStep, type RunStepOptions } from "@chroot-exec/runner/RunStep"
import type { Libc } from "@chroot-exec/sys/Libc"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, layer } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/TestClock"
import { isRunning } from "./support/Processes.js"
import { options, packageWith, step } from "./support/Steps.js"

const live = Layer.provideMerge(LauncherThread.layer, LibcLive.layer)

/** Somebody waits for a time that has not come yet. */
const isAwaited = Effect.repeat(Effect.zipRight(Effect.yieldNow(), TestClock.sleeps()), {
  until: Chunk.isNonEmpty
})

/**
 * The result, and standard output, of a step under a clock that stands still: it goes on by each of these durations when
 * the output ends like that and somebody waits for it. `SIGTERM` is one that arrives instead.
 */
const underClock = (
  root: string,
  more: Partial<RunStepOptions>,
  moves: ReadonlyArray<readonly [output: string, event: Duration.DurationInput | "SIGTERM"]>
) =>
  Effect.gen(function*() {
    const outputs = yield* Queue.unbounded<string>()
    let out = ""
    const stdout = (bytes: Uint8Array) =>
      Effect.suspend(() => {
        out += Buffer.from(bytes).toString()
        return Queue.offer(outputs, out)
      })
    const fiber = yield* Effect.fork(runStep(step(), options(root, { stdout, ...more })))
    for (const [end, event] of moves) {
      yield* Effect.repeat(Queue.take(outputs), { until: (output) => output.endsWith(end) })
      yield* isAwaited
      if (event === "SIGTERM") process.emit(event)
      else yield* TestClock.adjust(event)
    }
    const result = yield* Fiber.join(fiber)
    return { out, result }
  })

layer(live)("runStep", (it) => {
  const scoped = <A, E>(
    title: string,
    script: string,
    body: (root: string) => Effect.Effect<A, E, Launcher | Libc>
  ) => it.scoped(title, () => Effect.flatMap(packageWith(script), body))

  scoped(
    "ends a step that takes too long, and hears what it says about that",
    [
      "trap 'echo ending; exit 9' TERM",
      "echo ready; while :; do sleep 0.05; done"
    ].join("\n"),
    (root) =>
      Effect.gen(function*() {
        const { out, result } = yield* underClock(root, { timeout: "2 seconds" }, [["ready\n", "2 seconds"]])
        expect(out).toBe("ready\nending\n")
        expect(result).toMatchObject({ timedOut: true, accepted: false, status: { code: 9 } })
      })
  )

  scoped(
    "kills one that does not heed SIGTERM, with what it has started elsewhere @node",
    [
      "trap 'echo told' TERM",
      "setsid sleep 1000 >&- 2>&- & echo $!",
      "while :; do sleep 0.05; done"
    ].join("\n"),
    (root) =>
      Effect.gen(function*() {
        const limits = { timeout: "2 seconds", grace: "3 seconds" } as const
        const { out, result } = yield* underClock(root, limits, [["\n", "2 seconds"], [
          "told\n",
          "3 seconds"
        ]])
        expect(result).toMatchObject({
          timedOut: true,
          status: { _tag: "Signaled", signal: 9 }
        })
        expect(out).toMatch(/^\d+\ntold\n$/)
        expect(isRunning(Number.parseInt(out))).toBe(false)
      })
  )

  scoped(
    "kills one at once that has been told to end when a signal arrives",
    "trap 'echo told' TERM; echo ready; while :; do sleep 0.05; done",
    (root) =>
      Effect.gen(function*() {
        // The grace is never over: the clock stands still.
        const { out, result } = yield* underClock(root, { timeout: "2 seconds" }, [
          ["ready\n", "2 seconds"],
          ["told\n", "SIGTERM"]
        ])
        expect(out).toBe("ready\ntold\n")
        expect(result).toMatchObject({
          timedOut: true,
          signal: Option.some("SIGTERM"),
          status: { _tag: "Signaled", signal: 9 }
        })
      })
  )

  scoped(
    "does not wait for who keeps the output open",
    "sleep 1000 & echo $!",
    (root) =>
      Effect.gen(function*() {
        const { out, result } = yield* underClock(root, { drain: "2 seconds" }, [["\n", "2 seconds"]])
        expect(result).toMatchObject({ accepted: true, drained: false, survivors: 1 })
        expect(out).toMatch(/^\d+\n$/)
        expect(isRunning(Number(out))).toBe(false)
      })
  )
})
