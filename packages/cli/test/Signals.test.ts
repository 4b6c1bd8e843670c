/**
 * What the first signal does, and the second one. Signals are only emitted: the test itself stays.
 */
import * as Signals from "@chroot-exec/cli/shared/Signals"
import { Terminated } from "@chroot-exec/core/ExecError"
import { expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"

/** A run that has begun, and whose cleaning up ends when `end` is called. */
const running = (hurry?: (end: () => void) => () => void) =>
  Effect.gen(function*() {
    const begun = yield* Deferred.make<void>()
    const cleaning = yield* Deferred.make<void>()
    const over = yield* Deferred.make<void>()
    const end = () => Deferred.unsafeDone(over, Effect.void)
    const run = Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never).pipe(
      Effect.onInterrupt(() => Effect.zipRight(Deferred.succeed(cleaning, undefined), Deferred.await(over)))
    )
    const fiber = yield* Effect.fork(Effect.either(Signals.orTerminated("jail run", hurry?.(end))(run)))
    yield* Deferred.await(begun)
    return { cleaning: Deferred.await(cleaning), end, fiber }
  })

const listening = () =>
  ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"].map((signal) => process.listenerCount(signal))

const byInterrupt = Either.left(new Terminated({ signal: 2 }))

it.effect("the second one has its own action again", () =>
  Effect.gen(function*() {
    const before = listening()
    const { cleaning, end, fiber } = yield* running()
    expect(listening()).toStrictEqual(before.map((count) => count + 1))
    process.emit("SIGINT")
    yield* cleaning
    expect(listening()).toStrictEqual(before)
    end()
    expect(yield* Fiber.join(fiber)).toStrictEqual(byInterrupt)
  }))

it.effect("the second one hurries, and the first one counts", () =>
  Effect.gen(function*() {
    const before = listening()
    const { cleaning, fiber } = yield* running((end) => end)
    process.emit("SIGINT")
    yield* cleaning
    process.emit("SIGTERM")
    expect(yield* Fiber.join(fiber)).toStrictEqual(byInterrupt)
    expect(listening()).toStrictEqual(before)
  }))
