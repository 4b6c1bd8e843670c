/**
 * The time limit of a run.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"

/** Returns when the time is over, which begins now. */
export const expiry = (timeout: Duration.Duration): Effect.Effect<Effect.Effect<void>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const expired = yield* Deferred.make<void>()
    yield* Effect.sleep(timeout).pipe(
      Effect.zipRight(Deferred.succeed(expired, undefined)),
      Effect.forkScoped
    )
    return Deferred.await(expired)
  })

/**
 * None when the time was over first; what was going on is interrupted then.
 *
 * However it ends, nothing of the effect goes on: `Effect.raceFirst`, when it is interrupted itself, leaves that to the end
 * of the fiber, after finalizers that remove what the effect still makes use of.
 */
export const unlessExpired = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  expired: Effect.Effect<void>
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(restore(effect))
      const first = Effect.raceFirst(
        Effect.asSome(Fiber.join(fiber)),
        Effect.as(expired, Option.none<A>())
      )
      return yield* Effect.ensuring(restore(first), Fiber.interrupt(fiber))
    })
  )
