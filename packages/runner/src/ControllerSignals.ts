/**
 * Signals to the process, for all that runs in it: one listener each, however many steps there are.
 *
 * @since 0.1.0
 */
import type { Signal } from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

type Listener = (signal: Signal) => void

interface Subscribers {
  readonly listeners: Set<Listener>
  readonly onSignal: () => void
}

const subscribed = new Map<Signal, Subscribers>()

const subscribe = (signal: Signal, listener: Listener): void => {
  const existing = subscribed.get(signal)
  if (existing !== undefined) {
    existing.listeners.add(listener)
    return
  }
  const listeners = new Set([listener])
  const onSignal = () => {
    for (const each of listeners) each(signal)
  }
  subscribed.set(signal, { listeners, onSignal })
  process.on(signal, onSignal)
}

/** Without a listener the signal has its own action again. */
const unsubscribe = (signal: Signal, listener: Listener): void => {
  const existing = subscribed.get(signal)
  if (existing === undefined) return
  existing.listeners.delete(listener)
  if (existing.listeners.size > 0) return
  process.off(signal, existing.onSignal)
  subscribed.delete(signal)
}

/**
 * Hears these signals as long as the scope is open; they do nothing else then.
 *
 * @since 0.1.0
 * @category operations
 */
export const hearSignals = (
  signals: ReadonlyArray<Signal>,
  listener: Listener
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => signals.forEach((signal) => subscribe(signal, listener))),
    () => Effect.sync(() => signals.forEach((signal) => unsubscribe(signal, listener)))
  )

const nothing: Listener = () => {}

/**
 * From now on these signals do nothing by themselves, as if they were ignored (SIG_IGN); listeners hear them all the same.
 * Node has put what its caller ignored back to the default.
 *
 * @since 0.1.0
 * @category operations
 */
export const ignoreSignals = (signals: ReadonlyArray<Signal>): Effect.Effect<void> =>
  Effect.sync(() => signals.forEach((signal) => subscribe(signal, nothing)))
