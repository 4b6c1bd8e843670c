/**
 * Control files for `agent chroot-exec`, each in a private directory that does not outlive its use, nor its process.
 *
 * The calls are synchronous: no interruption comes between making the directory and knowing of it.
 */
import type { ControlFile } from "@chroot-exec/core/ControlFile"
import * as Errno from "@chroot-exec/core/Errno"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LauncherFailed } from "../LauncherError.js"

/** When a process started, in ticks since the machine did: proc(5). With the pid it is nobody else's. */
const startTime = (pid: number | "self"): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  } catch {
    return undefined
  }
}

/** The number of the pid namespace: containers that share a temporary directory do not see each other's processes. */
const pidNamespace = (): string => {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0"
  } catch {
    return "0"
  }
}

const NAME = /^chroot-exec-(\d+)-(\d+)-(\d+)-/

const newName = (): string => `chroot-exec-${pidNamespace()}-${process.pid}-${startTime("self") ?? "0"}-`

/** No start of an agent takes that long: what lies here longer is left, whoever has left it. */
const HOUR_MS = 3_600_000

/** Whether it is a directory of our own, whose process is gone. Links are not followed: the place is everybody's. */
const isAbandoned = (
  directory: string,
  [, namespace, pid, started]: RegExpExecArray,
  now: number
): boolean => {
  const status = lstatSync(directory)
  if (!status.isDirectory() || status.uid !== process.getuid?.()) return false
  return namespace === pidNamespace()
    ? startTime(Number(pid)) !== started
    : now - status.mtimeMs > HOUR_MS
}

const remove = (directory: string): void => rmSync(directory, { recursive: true, force: true })

/** Removes what processes have left that were killed. What cannot be looked at or removed stays. */
export const removeAbandoned: Effect.Effect<void> = Effect.gen(function*() {
  const now = yield* Clock.currentTimeMillis
  for (const name of yield* Effect.try(() => readdirSync(tmpdir()))) {
    const [directory, parts] = [join(tmpdir(), name), NAME.exec(name)]
    if (parts === null) continue
    yield* Effect.ignore(Effect.try(() => {
      if (isAbandoned(directory, parts, now)) remove(directory)
    }))
  }
}).pipe(Effect.ignore)

const failed = (error: unknown) =>
  new LauncherFailed({
    what: "control file",
    errno: error instanceof Error && "errno" in error && typeof error.errno === "number"
      ? Option.some(Errno.fromNumber(Math.abs(error.errno)))
      : Option.none()
  })

/**
 * Writes a control file that only this user may read, in a new directory of a name that cannot be guessed; both are
 * removed with the scope. Returns its path. What its text holds as surrogate escapes JSON writes as such.
 */
export const write = (control: ControlFile): Effect.Effect<string, LauncherFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({ try: () => mkdtempSync(join(tmpdir(), newName())), catch: failed }),
    (directory) => Effect.ignore(Effect.try(() => remove(directory)))
  ).pipe(Effect.flatMap((directory) => {
    const path = join(directory, "control.json")
    return Effect.try({
      try: () => {
        writeFileSync(path, JSON.stringify(control), { mode: 0o600, flag: "wx" })
        return path
      },
      catch: failed
    })
  }))
