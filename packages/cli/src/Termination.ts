/**
 * Signals that end the agent, for commands that have something to clean up first.
 *
 * @since 0.1.0
 */
import { Terminated } from "@chroot-exec/core/ExecError"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"

const ENDING = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const

/** The first of them to arrive. From then on they do what they do by themselves: a second one ends the agent at once. */
const received: Effect.Effect<never, Terminated> = Effect.async((resume) => {
  const stop = () => {
    for (const signal of ENDING) process.off(signal, listener)
  }
  const listener = (signal: typeof ENDING[number]) => {
    stop()
    resume(Effect.fail(new Terminated({ signal: Signal.toNumber(signal) })))
  }
  for (const signal of ENDING) process.on(signal, listener)
  return Effect.sync(stop)
})

/**
 * An effect that such a signal interrupts; once it has cleaned up, it fails with `Terminated`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const orTerminated = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Terminated, R> =>
  Effect.raceFirst(effect, received)
