/**
 * A time limit that is over when a test says so, once what it is to end has come far enough, on any machine.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface TimeLimit {
  /** To be given as the limit. */
  readonly timeout: Duration.Duration
  readonly expire: Effect.Effect<void>
  /** The effect by a clock on which the limit is over only then; all else takes the time that it takes. */
  readonly govern: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Nothing else waits so long. */
const TIMEOUT = Duration.days(1000)

export const make: Effect.Effect<TimeLimit> = Effect.gen(function*() {
  const expired = yield* Deferred.make<void>()
  const live = Clock.make()
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    currentTimeMillis: live.currentTimeMillis,
    currentTimeNanos: live.currentTimeNanos,
    unsafeCurrentTimeMillis: () => live.unsafeCurrentTimeMillis(),
    unsafeCurrentTimeNanos: () => live.unsafeCurrentTimeNanos(),
    sleep: (duration) => Duration.equals(duration, TIMEOUT) ? Deferred.await(expired) : live.sleep(duration)
  }
  return {
    timeout: TIMEOUT,
    expire: Effect.asVoid(Deferred.succeed(expired, undefined)),
    govern: (effect) => Effect.withClock(effect, clock)
  }
})
