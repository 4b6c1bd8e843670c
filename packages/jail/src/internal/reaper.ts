/**
 * What may be left in a jail beside the process group of the process in front.
 */
import { quote } from "@chroot-exec/core/Quote"
import * as Effect from "effect/Effect"
import { TeardownFailed } from "../JailError.js"
import { belonging, parse, type Process, PS } from "./processes.js"
import type { Said, Tool } from "./tool.js"

/** Looks for the rest of a spawn. Each says whether it found anything. */
export interface Reaper {
  /** Sends SIGTERM, once; not to this group, which has got one already. */
  readonly terminate: (except: number | undefined) => Effect.Effect<boolean, TeardownFailed>
  /** Only looks. */
  readonly look: Effect.Effect<boolean, TeardownFailed>
  /** Sends SIGKILL. */
  readonly kill: Effect.Effect<boolean, TeardownFailed>
}

const nothing = Effect.succeed(false)

const NOT_FOUND = /"[^"]*" not found/

const reasonIn = ({ code, stderr }: Said): string =>
  `exit code ${code}${stderr === "" ? "" : `, ${quote(stderr.trim())}`}`

/** Without a jail: the process group is all there is. */
export const none: Reaper = { terminate: () => nothing, look: nothing, kill: nothing }

/**
 * A persistent jail: the processes with the mark, found and signalled by ps(1) and kill(1) inside the jail, as root of
 * the jail. pkill(1) does not know environments, and the session alone would miss what has left it.
 */
export const persistent = (tool: Tool, jail: string, mark: string): Reaper => {
  const failed = (reason: string) => new TeardownFailed({ jail, reason })
  const inside = (args: ReadonlyArray<string>) =>
    Effect.mapError(tool("jexec", [jail, ...args]), ({ message }) => failed(message))
  const find = Effect.flatMap(inside(PS), (said) => {
    if (said.code === 0) return Effect.succeed(belonging(mark, parse(said.stdout)))
    return NOT_FOUND.test(said.stderr) ? Effect.succeed([]) : failed(`ps in the jail: ${reasonIn(said)}`)
  })
  /** Some may have ended in between, which is a failure of kill(1) and none of ours: the next look tells. */
  const signal = (name: "TERM" | "KILL", processes: ReadonlyArray<Process>) =>
    processes.length === 0
      ? Effect.void
      : inside(["/bin/kill", "-s", name, ...processes.map(({ pid }) => String(pid))])
  const isAny = (processes: ReadonlyArray<Process>) => processes.length > 0
  return {
    terminate: (except) =>
      find.pipe(
        Effect.tap((all) => signal("TERM", all.filter(({ group }) => group !== except))),
        Effect.map(isAny)
      ),
    look: Effect.map(find, isAny),
    kill: find.pipe(Effect.tap((all) => signal("KILL", all)), Effect.map(isAny))
  }
}

/**
 * An ephemeral jail: `jail -R NAME` sends SIGTERM to all in it, waits 10 seconds for them, and removes the jail, which
 * kills the rest. `-R` is `-r` without jail.conf(5), whose errors and wildcards are none of this jail's business.
 */
export const ephemeral = (tool: Tool, jail: string): Reaper => {
  const failed = (reason: string) => new TeardownFailed({ jail, reason })
  return {
    terminate: () => nothing,
    look: nothing,
    kill: Effect.flatMap(
      Effect.mapError(tool("jail", ["-R", jail]), ({ message }) => failed(message)),
      (said) => {
        if (said.code === 0) return Effect.succeed(true)
        return NOT_FOUND.test(said.stderr) ? nothing : failed(`jail -R: ${reasonIn(said)}`)
      }
    )
  }
}
