/**
 * Signals to this process, while a step runs in it.
 */
import type { Signal } from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { hearSignals } from "../../ControllerSignals.js"
import type { RunningStep } from "../../Launcher.js"

/** What one does to the step: see `RunStepOptions`. */
export type OnSignal = "forward" | "finish-then-stop" | "kill"

/** What has come so far, and how to say that the step is to end for another reason. */
interface Obeyed {
  readonly asked: Effect.Effect<void>
  readonly last: () => Option.Option<Signal>
}

/**
 * Does that about each signal that arrives while the scope is open. Once the step is to end, by one of them or because it
 * has been `asked`, the next one does not wait for it.
 */
export const obeySignals = (
  running: RunningStep,
  onSignal: OnSignal,
  signals: ReadonlyArray<Signal>
): Effect.Effect<Obeyed, never, Scope.Scope> =>
  Effect.gen(function*() {
    const fork = Runtime.runFork(yield* Effect.runtime())
    let last: Option.Option<Signal> = Option.none()
    let hurries = onSignal === "kill"
    yield* hearSignals(signals, (signal) => {
      last = Option.some(signal)
      if (hurries) fork(running.end)
      else if (onSignal === "forward") fork(running.signal(signal))
      else hurries = true
    })
    const asked = Effect.sync(() => {
      hurries = true
    })
    return { asked, last: () => last }
  })
