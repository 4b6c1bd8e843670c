/**
 * Signals to the agent: what the caller ignored stays ignored, the others are handed on to what runs or end the run.
 *
 * `chroot-exec` is not in here: the step is the process, and gets its signals from the kernel.
 *
 * @since 0.1.0
 */
import { Terminated } from "@chroot-exec/core/ExecError"
import type { LauncherRecord } from "@chroot-exec/core/Inherited"
import * as Signal from "@chroot-exec/core/Signal"
import { hearSignals, ignoreSignals } from "@chroot-exec/runner/ControllerSignals"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { readFileSync } from "node:fs"
import { Launcher } from "./Launcher.js"

/** Those that people, terminals and supervisors send. */
const ENDING = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const

type Ending = typeof ENDING[number]

/**
 * What a signal does to a command: what runs gets it too, or the run ends, and then the agent by the same signal.
 *
 * @since 0.1.0
 * @category models
 */
export type Reaction = "hand on" | "end"

const each = (reaction: Reaction): Readonly<Record<Ending, Reaction>> => ({
  SIGHUP: reaction,
  SIGINT: reaction,
  SIGQUIT: reaction,
  SIGTERM: reaction
})

/**
 * What each signal does to each command, unless the caller ignored it. `--on-signal` of `run-step` says what a step does
 * with what is handed on.
 *
 * @since 0.1.0
 * @category constants
 */
export const reactions = {
  "run-step": each("hand on"),
  "sandbox run": each("end"),
  "sandbox sweep": each("end"),
  "jail run": each("end")
} as const

/** Those that end a process which does not know them, as far as Node lets them be heard. */
const DEADLY = [...ENDING, "SIGUSR1", "SIGUSR2", "SIGALRM"] as const

const SIG_IGN = /^SigIgn:\s*([0-9a-f]+)$/m

/** What the parent ignores of what nohup(1) and daemons ignore for their children's sake: our own set is Node's making. */
const parents = (): Signal.SignalSet => {
  try {
    const [, digits = "0"] = SIG_IGN.exec(readFileSync(`/proc/${process.ppid}/status`, "latin1")) ?? []
    return BigInt(`0x${digits}`) & Signal.set("SIGHUP")
  } catch {
    // Without /proc nothing is known.
    return 0n
  }
}

const ignoredBy = (launcher: Option.Option<LauncherRecord>): Signal.SignalSet =>
  Option.match(launcher, { onNone: parents, onSome: ({ ignored }) => ignored })

/**
 * Keeps what the caller ignored ignored, from now to the end of the process.
 *
 * @since 0.1.0
 * @category operations
 */
export const keepIgnored = Effect.flatMap(Launcher, (launcher) => {
  const ignored = ignoredBy(launcher)
  return ignoreSignals(DEADLY.filter((signal) => Signal.has(ignored, Signal.toNumber(signal))))
})

/**
 * The signals that have this reaction from a command, without those that the caller ignored.
 *
 * @since 0.1.0
 * @category operations
 */
export const heard = (command: keyof typeof reactions, reaction: Reaction) =>
  Effect.map(Launcher, (launcher) => {
    const ignored = ignoredBy(launcher)
    const table: Readonly<Record<Ending, Reaction>> = reactions[command]
    return ENDING.filter((signal) =>
      table[signal] === reaction && !Signal.has(ignored, Signal.toNumber(signal))
    )
  })

/**
 * An effect that the first signal interrupts which ends this command; once it has cleaned up, it fails with `Terminated`.
 * The next one does what `hurry` says; unless given, it has its own action again, and ends the agent at once.
 *
 * @since 0.1.0
 * @category combinators
 */
export const orTerminated =
  (command: keyof typeof reactions, hurry?: () => void) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Terminated, R> =>
    Effect.acquireUseRelease(
      Effect.gen(function*() {
        const hearing = yield* Scope.make()
        const first = yield* Deferred.make<never, Terminated>()
        let isFirst = true
        const listener = (signal: Signal.Signal) => {
          if (!isFirst) return hurry?.()
          isFirst = false
          if (hurry === undefined) Effect.runSync(Scope.close(hearing, Exit.void))
          Deferred.unsafeDone(first, new Terminated({ signal: Signal.toNumber(signal) }))
        }
        yield* Scope.extend(hearSignals(yield* heard(command, "end"), listener), hearing)
        return { first, hearing }
      }),
      ({ first }) => Effect.raceFirst(Deferred.await(first), effect),
      ({ hearing }) => Scope.close(hearing, Exit.void)
    )
