/**
 * Things in the daemon that go with the scope, whatever happens, as soon as the daemon has been told to make them.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { type EngineFailure, hasStatus } from "../EngineError.js"

/** A daemon that is being restarted is back within this time. */
const REMOVAL_LIMIT = Duration.seconds(30)

/** How long a daemon whose answer was lost may take until what it was told to make can be seen. */
const UNCERTAIN = Duration.seconds(2)

/** An answer that takes longer is not coming: to remove once more does no harm. */
const ANSWER_LIMIT = Duration.seconds(10)

const PAUSE = Duration.millis(100)

/**
 * None after the time that a removal may take. In a fiber of its own: a finalizer cannot be interrupted, not even by a
 * time-out, and a daemon that does not answer must not hold it up for ever.
 */
const bounded = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<Option.Option<A>, E> =>
  Effect.flatMap(
    Effect.forkDaemon(Effect.interruptible(Effect.timeoutOption(effect, REMOVAL_LIMIT))),
    Fiber.join
  )

/** How a creation ended, as far as it matters for the removal. */
type Creation = "made" | "refused" | "uncertain"

const outcome = <A>(exit: Exit.Exit<A, EngineFailure>): Creation => {
  if (Exit.isSuccess(exit)) return "made"
  const isRefused = exit.cause._tag === "Fail" && exit.cause.error._tag === "EngineError" &&
    exit.cause.error.reason === "Refused"
  return isRefused ? "refused" : "uncertain"
}

/**
 * Removes until the daemon says that there is nothing any more. What it cannot do now (409: it is used, or about to be
 * removed) is tried again, as is everything when it cannot be reached. A thing that may come yet is waited for.
 */
const removeSurely = (
  name: string,
  creation: Creation,
  remove: Effect.Effect<void, EngineFailure>
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    const attempt = remove.pipe(
      Effect.catchIf(
        hasStatus(404),
        (error) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            creation === "uncertain" && now - started < Duration.toMillis(UNCERTAIN)
              ? Effect.fail(error)
              : Effect.void)
      )
    )
    const removed = yield* Effect.orElseSucceed(
      bounded(Effect.retry(Effect.timeout(attempt, ANSWER_LIMIT), Schedule.spaced(PAUSE))),
      Option.none
    )
    if (Option.isNone(removed)) {
      yield* Effect.logWarning(
        `${name} could not be removed from Docker; "agent sandbox sweep" does that once this process has ended`
      )
    }
  })

/**
 * Makes something, and removes it when the scope closes: also when making it failed, or was interrupted, since the daemon
 * goes on with what it was told. An interruption waits for the daemon's answer before it removes.
 */
export const owned = (
  name: string,
  create: Effect.Effect<void, EngineFailure>,
  remove: Effect.Effect<void, EngineFailure>
): Effect.Effect<void, EngineFailure, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const creation = yield* Effect.forkDaemon(restore(create))
      const removal = bounded(Fiber.await(creation)).pipe(
        Effect.map(Option.match({ onNone: (): Creation => "uncertain", onSome: outcome })),
        Effect.flatMap((ended) => removeSurely(name, ended, remove))
      )
      // Not `Effect.addFinalizer`, which puts the fiber back into the state of now: an interruption during another removal
      // would be forgotten, and a result returned.
      yield* Scope.addFinalizer(yield* Effect.scope, removal)
      yield* restore(Fiber.join(creation))
    })
  )
