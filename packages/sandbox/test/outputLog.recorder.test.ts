/**
 * What has come is compared with the log at the end of the run, not as it was when the run began.
 */
import * as EngineRecorder from "@chroot-exec/sandbox/testing"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { outputLog } from "../src/internal/outputLog.js"
import { said, show } from "./support/record.js"

it.effect("an output that has filled the log is not compared", () =>
  Effect.gen(function*() {
    const written = outputLog()
    const recorder = EngineRecorder.make({ output: [said("stderr", "end")] })
    const hasMore = written.hasMore("c")
    written.add(said("stdout", "x".repeat(1024 ** 2)))
    written.add(said("stderr", "end"))
    expect(yield* Effect.provide(hasMore, recorder.layer)).toBe(false)
    expect(show(recorder.calls)).toStrictEqual([])
  }))

it.effect("a shorter one is, up to its last byte", () =>
  Effect.gen(function*() {
    const written = outputLog()
    const recorder = EngineRecorder.make({ output: [said("stderr", "end")] })
    const hasMore = Effect.provide(written.hasMore("c"), recorder.layer)
    written.add(said("stdout", "x".repeat(1024 ** 2 - 3)))
    written.add(said("stderr", "en"))
    expect(yield* hasMore).toBe(true)
    written.add(said("stderr", "d"))
    expect(yield* hasMore).toBe(false)
    expect(show(recorder.calls)).toStrictEqual(["containerLogs c"])
  }))
