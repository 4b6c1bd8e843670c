/**
 * Control files for `agent chroot-exec`, each in a private directory that does not outlive its use, nor its process.
 */
import type { ControlFile } from "@chroot-exec/core/ControlFile"
import * as Errno from "@chroot-exec/core/Errno"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { lstatSync, readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LauncherFailed } from "../LauncherError.js"

const PREFIX = "chroot-exec-"

/** When a process started, in ticks since the machine did: proc(5). With the pid it is nobody else's. */
const startTime = (pid: number | "self"): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  } catch {
    return undefined
  }
}

const NAME = /^chroot-exec-(\d+)-(\d+)-/

const failed = (error: unknown) =>
  new LauncherFailed({
    what: "control file",
    errno: error instanceof Error && "errno" in error && typeof error.errno === "number"
      ? Option.some(Errno.fromNumber(Math.abs(error.errno)))
      : Option.none()
  })

/** Whether it is a directory of our own, whose process is gone. Links are not followed: the place is everybody's. */
const isAbandoned = (directory: string, pid: string, started: string): boolean => {
  try {
    const status = lstatSync(directory)
    return status.isDirectory() && status.uid === process.getuid?.() && startTime(Number(pid)) !== started
  } catch {
    return false
  }
}

/** Removes what processes have left that were killed. */
export const removeAbandoned: Effect.Effect<void> = Effect.suspend(() =>
  Effect.forEach(
    readdirSync(tmpdir()).flatMap((name) => {
      const [, pid = "", started = ""] = NAME.exec(name) ?? []
      return pid !== "" && isAbandoned(join(tmpdir(), name), pid, started) ? [join(tmpdir(), name)] : []
    }),
    (directory) => Effect.ignore(Effect.tryPromise(() => rm(directory, { recursive: true, force: true }))),
    { discard: true }
  )
)

/** A control file, and how it is removed; at the latest with the scope. */
export interface Written {
  readonly path: string
  readonly remove: Effect.Effect<void>
}

/**
 * Writes a control file that only this user may read, in a new directory of a name that cannot be guessed. What its text
 * holds as surrogate escapes JSON writes as such.
 */
export const write = (control: ControlFile): Effect.Effect<Written, LauncherFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-${startTime("self")}-`)),
      catch: failed
    }),
    (directory) => Effect.ignore(Effect.tryPromise(() => rm(directory, { recursive: true, force: true })))
  ).pipe(Effect.flatMap((directory) => {
    const path = join(directory, "control.json")
    return Effect.as(
      Effect.tryPromise({
        try: () => writeFile(path, JSON.stringify(control), { mode: 0o600, flag: "wx" }),
        catch: failed
      }),
      {
        path,
        remove: Effect.ignore(Effect.tryPromise(() => rm(directory, { recursive: true, force: true })))
      }
    )
  }))
