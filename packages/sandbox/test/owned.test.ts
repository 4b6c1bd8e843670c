/**
 * A thing in the daemon is removed whatever became of the call that makes it: also one that comes only after the answer
 * was lost.
 */
import { engineError, type EngineFailure } from "@chroot-exec/sandbox/EngineError"
import { lostConnection, refusal } from "@chroot-exec/sandbox/testing"
import { expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { owned } from "../src/internal/owned.js"

const lost = Effect.fail(lostConnection("containerCreate"))
const refused = Effect.fail(refusal(500)("containerCreate"))
const misunderstood = Effect.fail(
  engineError("containerCreate", { reason: "Unexpected", status: 200, detail: "made up" })
)

const answered = (status: number) => Effect.fail(refusal(status)("containerDelete"))

/** Removes the thing, which is there from that millisecond on; before that, it does what `before` says. */
const removing = (from: number, before: Effect.Effect<void, EngineFailure>) => {
  const removed: Array<number> = []
  const remove = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => now < from ? before : Effect.sync(() => removed.push(now))
  )
  return { removed, remove: Effect.asVoid(remove) }
}

/** Makes the thing and removes it again; how that ended, and at which millisecond, however long it takes. */
const ends = (
  create: Effect.Effect<void, EngineFailure>,
  remove: Effect.Effect<void, EngineFailure>,
  end: "by itself" | "interrupted" = "by itself"
) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Effect.scoped(owned("thing", create, remove)))
    const time = yield* Effect.fork(Effect.zipRight(Fiber.await(fiber), Clock.currentTimeMillis))
    yield* TestClock.adjust(0)
    if (end === "interrupted") yield* Fiber.interruptFork(fiber)
    const isOver = Effect.map(Fiber.poll(time), Option.isSome)
    yield* Effect.repeat(TestClock.adjust("100 millis"), { until: () => isOver })
    const exit = yield* Fiber.await(fiber)
    return [Exit.isInterrupted(exit) ? "interrupted" : exit._tag, yield* Fiber.join(time)]
  })

const none = answered(404)

it.effect.each<readonly [string, Effect.Effect<void, EngineFailure>, comes: number, removed: number]>([
  ["the answer was lost", lost, 1000, 1000],
  ["the answer was lost, at the last moment", lost, 1900, 1900],
  ["the answer was none that the API describes", misunderstood, 1000, 1000]
])("what comes after %s is removed", ([, create, comes, at]) =>
  Effect.gen(function*() {
    const { remove, removed } = removing(comes, none)
    expect(yield* ends(create, remove)).toStrictEqual(["Failure", at])
    expect(removed).toStrictEqual([at])
  }))

it.effect.each<readonly [string, Effect.Effect<void, EngineFailure>, tag: string, ended: number]>([
  ["longer than it may take, when the answer was lost", lost, "Failure", 2000],
  ["when making it was refused", refused, "Failure", 0],
  ["when it was made, and is gone", Effect.void, "Success", 0]
])("what does not come is not waited for %s", ([, create, tag, at]) =>
  Effect.gen(function*() {
    const { remove, removed } = removing(Number.POSITIVE_INFINITY, none)
    expect(yield* ends(create, remove)).toStrictEqual([tag, at])
    expect(removed).toStrictEqual([])
  }))

it.effect.each<readonly [string, Effect.Effect<void, EngineFailure>, comes: number, removed: number]>([
  ["that is answered later", Effect.delay(Effect.void, "5 seconds"), 5000, 5000],
  ["whose answer is lost later", Effect.delay(lost, "5 seconds"), 6000, 6000],
  ["that is never answered", Effect.never, 31_000, 31_000]
])(
  "an interruption during a call %s removes what it made",
  ([, create, comes, at]) =>
    Effect.gen(function*() {
      const { remove, removed } = removing(comes, none)
      expect(yield* ends(create, remove, "interrupted")).toStrictEqual(["interrupted", at])
      expect(removed).toStrictEqual([at])
    })
)

it.effect.each<readonly [string, Effect.Effect<void, EngineFailure>, possible: number, removed: number]>([
  ["refused for a while", answered(409), 500, 500],
  ["not answered", Effect.never, 10_000, 10_100]
])("a removal that is %s is tried again", ([, before, possible, at]) =>
  Effect.gen(function*() {
    const { remove, removed } = removing(possible, before)
    expect(yield* ends(Effect.void, remove)).toStrictEqual(["Success", at])
    expect(removed).toStrictEqual([at])
  }))
