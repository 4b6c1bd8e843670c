/**
 * The samples that a daemon takes of what a run uses.
 */
import type { Engine } from "@chroot-exec/sandbox/Engine"
import type { Usage } from "@chroot-exec/sandbox/Result"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { changed } from "./changed.js"

/** An engine that keeps each sample which is not empty, and then does something. */
export const sampled = <E>(engine: Layer.Layer<Engine, E>, then: Effect.Effect<void>) => {
  const samples: Array<Pick<Usage, "cpu" | "peakMemory">> = []
  const layer = changed(engine, ({ containerStats }) => ({
    containerStats: (name) =>
      Stream.tap(containerStats(name), ({ cpu_stats, memory_stats }) => {
        const nanos = BigInt(cpu_stats.cpu_usage.total_usage)
        if (nanos === 0n) return Effect.void
        samples.push({
          cpu: Option.some(Duration.nanos(nanos)),
          peakMemory: Option.fromNullable(memory_stats.max_usage ?? memory_stats.usage)
        })
        return then
      })
  }))
  return { layer, samples }
}
