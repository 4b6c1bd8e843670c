/**
 * Looking at processes.
 */
import * as Effect from "effect/Effect"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

/** Whether a process is there and no zombie. */
export const isRunning = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3))
  } catch {
    return false
  }
}

/** The process that a process is a child of. */
export const parentOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1])

/** The children of a process of one thread; none of one that is gone. */
export const childrenOf = (pid: number): ReadonlyArray<number> => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").slice(0, -1).map(Number)
  } catch {
    return []
  }
}

/** Returns once a process that is no child of ours has ended; nothing tells when. */
export const gone = (pid: number): Effect.Effect<void> =>
  Effect.repeat(Effect.sleep("10 millis"), { while: () => isRunning(pid) })

const pids = (): ReadonlyArray<number> =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number)

/** The processes that have this directory as their root. */
export const inRoot = (root: string): ReadonlyArray<number> =>
  pids().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/root`) === root
    } catch {
      return false
    }
  })

/** The processes that are traced by this one. */
export const tracedBy = (tracer: number): ReadonlyArray<number> =>
  pids().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/status`, "latin1").includes(`\nTracerPid:\t${tracer}\n`)
    } catch {
      return false
    }
  })
