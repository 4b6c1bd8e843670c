/**
 * A child's process group, which outlives the child as long as there is anybody in it.
 */
import * as Effect from "effect/Effect"
import { readdirSync, readFileSync } from "node:fs"

/** How a signal was received: `Refused` is EPERM for every process of the group. */
export type Reception = "Delivered" | "Gone" | "Refused"

/** How often the rest of a group is looked for once the child has exited. */
const POLL = "20 millis"

/** The state and the process group in `/proc/PID/stat`, after the name, which may contain anything: proc(5). */
const STAT = /^.*\) (\w) \d+ (\d+) /s

/** None where there is no procfs. */
const pids = (): ReadonlyArray<string> => {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

const statOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
  } catch {
    return ""
  }
}

/**
 * Whether all that is left of a group has ended, and waits for its parent to take notice. The first process of a
 * container often never does, and kill(2) counts such zombies. False where procfs is not that of Linux.
 */
const isDead = (id: number): boolean => {
  if (process.platform !== "linux") return false
  const states = pids().flatMap((pid) => {
    const [, state = "", group] = STAT.exec(statOf(pid)) ?? []
    return Number(group) === id ? [state] : []
  })
  return states.length > 0 && states.every((state) => state === "Z" || state === "X")
}

/**
 * The group of a child that was started with `detached`, and so leads it.
 *
 * A number is not given to another process while anybody uses it as a pid or as a group. After the child was reaped,
 * only the rest of its group keeps the number: so once the group has been found empty it is never signalled again,
 * and whoever owns this object looks (`exists`) from then on until it is.
 */
export class Group {
  readonly #id: number
  #isGone = false

  constructor(id: number) {
    this.#id = id
  }

  /** kill(2), with 0 to find out whether anybody is there. */
  signal(signal: NodeJS.Signals | 0): Reception {
    if (this.#isGone) return "Gone"
    try {
      process.kill(-this.#id, signal)
      return "Delivered"
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EPERM") return "Refused"
      this.#isGone = true
      return "Gone"
    }
  }

  /** Whether anybody in it is alive. Only for when the child itself was reaped. */
  get exists(): boolean {
    if (this.signal(0) !== "Gone" && isDead(this.#id)) this.#isGone = true
    return !this.#isGone
  }

  /** Waits until nobody in it is alive. Only for when the child itself was reaped, too. */
  readonly empty: Effect.Effect<void> = Effect.iterate(true, {
    while: () => this.exists,
    body: () => Effect.as(Effect.sleep(POLL), true)
  })
}
