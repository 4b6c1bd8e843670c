/**
 * A step's end: by itself, by its time limit, or with the scope of the run.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Ended, RunningStep } from "../../Launcher.js"
import type { LauncherFailed, StepNotEnded } from "../../LauncherError.js"

const DISCARDED = 64 * 1024

/** Reads and drops, so that a step that is being ended can still say something. */
const discard = ({ stderr, stdout }: RunningStep) => {
  const buffer = new Uint8Array(DISCARDED)
  const drop = (read: RunningStep["stdout"]) => Effect.repeat(read(buffer), { until: (count) => count === 0 })
  return Effect.zipRight(
    Effect.ignore(Effect.all([drop(stdout), drop(stderr)], { concurrency: 2 })),
    Effect.never
  )
}

/** SIGTERM, the grace period, SIGKILL. */
const terminate = (running: RunningStep, grace: Duration.DurationInput) =>
  Effect.gen(function*() {
    yield* running.signal("SIGTERM")
    yield* Effect.raceFirst(Effect.ignore(running.ended), Effect.sleep(grace))
    yield* running.end
  })

/** How a step ended, and whether its time limit brought that about. */
export interface TimedEnd extends Ended {
  readonly timedOut: boolean
}

/** Waits for the end of the step, which a time limit may bring about: `asked` then learns that it is to end. */
export const waitForEnd = (
  running: RunningStep,
  grace: Duration.DurationInput,
  timeout: Duration.DurationInput | undefined,
  asked: Effect.Effect<void>
): Effect.Effect<TimedEnd, LauncherFailed | StepNotEnded> =>
  Effect.gen(function*() {
    const within = timeout === undefined
      ? Effect.asSome(running.ended)
      : Effect.timeoutOption(running.ended, timeout)
    const ended = yield* within
    if (Option.isNone(ended)) yield* Effect.zipRight(asked, terminate(running, grace))
    return { ...(yield* running.ended), timedOut: Option.isNone(ended) }
  })

/** Ends the step with the scope, unless what is returned has been called: then it is over already. */
export const endWithScope = (
  running: RunningStep,
  grace: Duration.DurationInput
): Effect.Effect<() => void, never, Scope.Scope> =>
  Effect.gen(function*() {
    let over = false
    // In a fiber of its own: one that has been interrupted cannot wait for one thing or another any more.
    const stop = Effect.raceFirst(terminate(running, grace), discard(running)).pipe(
      Effect.interruptible,
      Effect.forkDaemon,
      Effect.flatMap(Fiber.await)
    )
    yield* Effect.addFinalizer(() => Effect.unless(stop, () => over))
    return () => {
      over = true
    }
  })
