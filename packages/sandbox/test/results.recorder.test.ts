/**
 * What a run came to, when the daemon's answers do not tell it: each has an error of its own, which no daemon gave.
 */
import { type JobInput, runOnce } from "@chroot-exec/sandbox"
import { type Attachment, Engine, type EngineOperations } from "@chroot-exec/sandbox/Engine"
import * as EngineRecorder from "@chroot-exec/sandbox/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { bytes, said } from "./support/record.js"
import { tarOf } from "./support/tar.js"

const job = {
  image: "image",
  command: ["true"],
  collect: ["/tmp/a"],
  limits: { artifact: 1 }
} satisfies JobInput

const world: EngineRecorder.World = { output: [said("stdout", "one")], paths: { "/tmp/a": bytes("x") } }

/** How a run fails whose daemon does some of it otherwise, however long it waits; nothing is left of it then. */
const failure = (changes: Partial<EngineOperations>) =>
  Effect.gen(function*() {
    const recorder = EngineRecorder.make(world)
    const layer = Layer.effect(Engine, Effect.map(Engine, (engine) => ({ ...engine, ...changes }))).pipe(
      Layer.provide(recorder.layer)
    )
    const fiber = yield* Effect.fork(Effect.flip(Effect.provide(runOnce(job), layer)))
    const isOver = Effect.map(Fiber.poll(fiber), Option.isSome)
    yield* Effect.repeat(TestClock.adjust("10 seconds"), { until: () => isOver })
    const { _tag, message } = yield* Fiber.join(fiber)
    expect(recorder.left()).toStrictEqual([])
    return { _tag, message: message.replace(/chroot-exec-[0-9a-f]{16}/, "RUN") }
  })

const FRAME = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 3, 111, 110, 101)

const attached = (output: Attachment["output"]): Partial<EngineOperations> => ({
  containerAttach: () => Effect.succeed({ output, write: () => Effect.void, endInput: Effect.void })
})

const REMEDY = "run it again, and check what is between the agent and Docker"

describe("the output", () => {
  it.effect.each<readonly [string, Partial<EngineOperations>, string]>([
    [
      "is no frames",
      attached(Stream.make(Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9))),
      "what Docker sent of it is not framed as the API describes"
    ],
    [
      "ends within a frame",
      attached(Stream.make(FRAME.subarray(0, 9))),
      "the connection to Docker ended in the middle of it"
    ],
    ["lacks what the log has", attached(Stream.empty), "Docker's log has more of it than what came"],
    [
      "has a log that is no frames",
      { containerLogs: () => Stream.make(Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9)) },
      "Docker's log of it is not framed as the API describes"
    ]
  ])("%s", ([, changes, reason]) =>
    Effect.map(failure(changes), (error) =>
      expect(error).toStrictEqual({
        _tag: "OutputLost",
        message: `the output of container "RUN" may not be all that the command wrote: ${reason}; ${REMEDY}`
      })))
})

it.effect("the command's end, which does not become known after that of its output", () =>
  Effect.map(
    failure({ containerWait: () => Effect.never, ...attached(Stream.make(FRAME)) }),
    (error) =>
      expect(error).toStrictEqual({
        _tag: "EndUnknown",
        message:
          "how the command in container \"RUN\" ended did not become known within 30 seconds after the end of its "
          + `output; ${REMEDY}`
      })
  ))

describe("a file", () => {
  const archive = (entries: Parameters<typeof tarOf>[0], length?: number): Partial<EngineOperations> => ({
    containerArchive: () =>
      Stream.fromEffect(
        Effect.map(Effect.promise(() => tarOf(entries)), (whole) => whole.subarray(0, length))
      )
  })

  it.effect.each<readonly [string, Partial<EngineOperations>, string]>([
    ["whose archive is cut short", archive([{ name: "a", content: "x" }], 700), "Unexpected end of data"],
    [
      "whose archive is none",
      { containerArchive: () => Stream.make(bytes("x".repeat(1024))) },
      "Invalid tar header"
    ],
    ["whose archive is empty", archive([]), "it is empty"],
    [
      "whose archive has a directory",
      archive([{ name: "a", type: "directory" }]),
      "it has something else in it than the file"
    ],
    [
      "that is larger than it was",
      archive([{ name: "a", content: "xx" }]),
      "it has something else in it than the file"
    ]
  ])("%s", ([, changes, reason]) =>
    Effect.gen(function*() {
      const { _tag, message } = yield* failure(changes)
      expect(_tag).toBe("ArtifactDamaged")
      expect(message).toContain(
        `cannot bring back "/tmp/a": the archive of it that Docker sent is damaged (${reason}`
      )
      expect(message.endsWith(`); ${REMEDY}`)).toBe(true)
    }))

  it.effect("that does not come in time", () =>
    Effect.map(failure({ containerArchive: () => Stream.never }), (error) =>
      expect(error).toStrictEqual({
        _tag: "ArtifactsLate",
        message:
          "the files to collect did not come from container \"RUN\" within 5 minutes; collect less, or lower "
          + "the limit of an artifact's size"
      })))
})

it.effect("a failure of the connection stays one", () =>
  Effect.gen(function*() {
    for (
      const changes of [
        { containerArchive: () => Stream.fail(EngineRecorder.lostConnection("containerArchive")) },
        { containerLogs: () => Stream.fail(EngineRecorder.lostConnection("containerLogs")) },
        attached(Stream.fail(EngineRecorder.lostConnection("containerAttach")))
      ]
    ) {
      expect((yield* failure(changes))._tag).toBe("EngineUnreachable")
    }
  }))
