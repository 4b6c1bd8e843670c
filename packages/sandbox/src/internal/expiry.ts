/**
 * The time limit of a run.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
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

/** None when the time was over first; what was going on is interrupted then. */
export const unlessExpired = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  expired: Effect.Effect<void>
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.raceFirst(Effect.asSome(effect), Effect.as(expired, Option.none<A>()))
