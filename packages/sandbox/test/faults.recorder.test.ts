/**
 * A failure, a lost connection and an interruption at every call in turn: nothing is left, and the error says which call
 * it was.
 */
import { runOnce } from "@chroot-exec/sandbox"
import type { JobInput } from "@chroot-exec/sandbox"
import { type Operation, operationIds } from "@chroot-exec/sandbox/EngineError"
import * as EngineRecorder from "@chroot-exec/sandbox/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/TestClock"
import { bytes } from "./support/record.js"

const job = { image: "image", command: ["true"], collect: ["/tmp/a"] } satisfies JobInput

const world: EngineRecorder.World = { images: [], paths: { "/tmp/a": bytes("x") } }

/** What a failure comes to: the run's error, or nothing where it is not the run's trouble or is tried again. */
const expected: ReadonlyArray<
  readonly [operation: Operation, consequence: "fails" | "goes on"]
> = [
  ["containerList", "goes on"],
  ["volumeList", "goes on"],
  ["imageInspect", "fails"],
  ["imageCreate", "fails"],
  ["imageInspect", "fails"],
  ["volumeCreate", "fails"],
  ["containerCreate", "fails"],
  ["putContainerArchive", "fails"],
  ["containerDelete", "goes on"],
  ["containerCreate", "fails"],
  ["containerAttach", "fails"],
  ["containerStart", "fails"],
  ["containerWait", "fails"],
  ["containerLogs", "fails"],
  ["containerInspect", "fails"],
  ["containerArchiveInfo", "fails"],
  ["containerArchive", "fails"],
  ["containerDelete", "goes on"],
  ["volumeDelete", "goes on"]
]

/** A second after the other, so that what waits again waits from then on. */
const pass = Effect.repeatN(TestClock.adjust("1 second"), 90)

/** To its end, however long it waits and tries again. */
const toEnd = (fault: EngineRecorder.Fault | undefined) =>
  Effect.gen(function*() {
    const recorder = EngineRecorder.make(world, fault)
    const fiber = yield* Effect.fork(Effect.provide(runOnce(job), recorder.layer))
    yield* pass
    return { exit: yield* Fiber.await(fiber), recorder }
  })

it.effect("these are the calls", () =>
  Effect.map(toEnd(undefined), ({ recorder }) => {
    expect(recorder.calls.map(({ operation }) => operation)).toStrictEqual(
      expected.map(([operation]) => operation)
    )
  }))

describe.each(
  [
    ["HTTP 500", EngineRecorder.refusal(500), { _tag: "EngineError", reason: "Refused", status: 500 }],
    ["a lost connection", EngineRecorder.lostConnection, { _tag: "EngineUnreachable" }]
  ] as const
)("%s", (_, failure, failed) => {
  for (const [index, [operation, consequence]] of expected.entries()) {
    it.effect(`at call ${index + 1}, ${operation}: ${consequence}`, () =>
      Effect.gen(function*() {
        const { exit, recorder } = yield* toEnd({ nth: index + 1, failure })
        expect(recorder.left()).toStrictEqual([])
        if (consequence === "goes on") return expect(Exit.isSuccess(exit)).toBe(true)
        const error = yield* Effect.flip(exit)
        const pull = operation === "imageCreate" && failed._tag === "EngineError"
        expect(error).toMatchObject(
          pull
            ? { _tag: "ImagePullFailed", image: "image", detail: "made up" }
            : { ...failed, operation: operationIds[operation], detail: "made up" }
        )
      }))
  }
})

describe("interruption", () => {
  for (const [index, [operation]] of expected.entries()) {
    it.effect(`at call ${index + 1}, ${operation}`, () =>
      Effect.gen(function*() {
        const reached = yield* Deferred.make<void>()
        const recorder = EngineRecorder.make(world, { nth: index + 1, reached })
        const fiber = yield* Effect.fork(Effect.provide(runOnce(job), recorder.layer))
        yield* Deferred.await(reached)
        const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
        yield* pass
        const exit = yield* Fiber.join(interrupting)
        expect(Exit.isInterrupted(exit)).toBe(true)
        expect(recorder.left()).toStrictEqual([])
      }))
  }
})

it.effect("what can never be removed is said, and the result kept", () =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => lines.push(String(message)))
    const { exit, recorder } = yield* Effect.provide(
      toEnd({ operation: "volumeDelete", failure: EngineRecorder.refusal(500) }),
      Logger.replace(Logger.defaultLogger, logger)
    )
    expect(Exit.isSuccess(exit)).toBe(true)
    const [left] = recorder.left()
    expect(recorder.left()).toHaveLength(1)
    expect(lines).toStrictEqual([
      `volume ${left} could not be removed from Docker; "agent sandbox sweep" does that once this process has ended`
    ])
  }))
