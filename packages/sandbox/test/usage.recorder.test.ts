/**
 * What a run has used, from the samples of a made-up daemon.
 */
import { runOnce } from "@chroot-exec/sandbox"
import type { Stats } from "@chroot-exec/sandbox/Engine"
import * as EngineRecorder from "@chroot-exec/sandbox/testing"
import { expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { changed } from "./support/changed.js"

const sample = (total_usage: number, memory_stats: Stats["memory_stats"]): Stats => ({
  cpu_stats: { cpu_usage: { total_usage } },
  memory_stats
})

const empty = sample(0, {})

it.effect.each<
  readonly [string, ReadonlyArray<Stats>, cpu: Option.Option<Duration.Duration>, peak: Option.Option<number>]
>([
  ["nothing is known without a sample", [], Option.none(), Option.none()],
  ["nothing is known from an empty one", [empty], Option.none(), Option.none()],
  [
    "the last one counts that is not empty",
    [sample(1_000_000, { usage: 5 }), sample(2_500_000_000, { usage: 7 }), empty],
    Option.some(Duration.nanos(2_500_000_000n)),
    Option.some(7)
  ],
  [
    "the highest use is better than the last one",
    [sample(1000, { usage: 7, max_usage: 9 })],
    Option.some(Duration.nanos(1000n)),
    Option.some(9)
  ]
])("%s", ([, samples, cpu, peakMemory]) =>
  Effect.gen(function*() {
    const recorder = EngineRecorder.make({ exitCode: "never" })
    const engine = changed(recorder.layer, () => ({ containerStats: () => Stream.fromIterable(samples) }))
    const limits = { timeout: Duration.seconds(5) }
    const run = runOnce({ image: "image", command: ["make"], limits })
    const fiber = yield* Effect.fork(Effect.provide(run, engine))
    yield* TestClock.adjust("5 seconds")
    const { usage } = yield* Fiber.join(fiber)
    expect(usage).toStrictEqual({ duration: Duration.millis(1500), cpu, peakMemory })
  }))
