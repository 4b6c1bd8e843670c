/**
 * Signals to this process, while a step runs in it.
 */
import type { Signal } from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { RunningStep } from "../../Launcher.js"
import { hearSignals } from "../controllerSignals.js"

/** What one does to the step: see `RunStepOptions`. */
export type OnSignal = "forward" | "finish-then-stop" | "kill"

/** Does that about each signal that arrives while the scope is open; returns what the last of them was so far. */
export const obeySignals = (
  running: RunningStep,
  onSignal: OnSignal,
  signals: ReadonlyArray<Signal>
): Effect.Effect<() => Option.Option<Signal>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const fork = Runtime.runFork(yield* Effect.runtime())
    let last: Option.Option<Signal> = Option.none()
    yield* hearSignals(signals, (signal) => {
      last = Option.some(signal)
      if (onSignal === "forward") fork(running.signal(signal))
      else if (onSignal === "kill") fork(running.end)
    })
    return () => last
  })
