/**
 * Finding the file of a command.
 */
import * as CommandSearch from "@chroot-exec/core/CommandSearch"
import type { CString } from "@chroot-exec/core/CString"
import { type Environment, get } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import { CommandNotExecutable, CommandNotFound } from "@chroot-exec/core/ExecError"
import type { Operation } from "@chroot-exec/core/ExecPlan"
import * as Effect from "effect/Effect"
import { type FileStatus, Libc } from "../Libc.js"
import { locate } from "./locate.js"

/** A regular file that the command may be. */
export interface Found {
  /** Where it is from any directory. */
  readonly path: CString
  readonly status: FileStatus
  /** What execve(2) gets, from the step's directory: a script sees it as its own name. */
  readonly executePath: CString
}

/** A path is taken as it is; whether it can be executed is for the kernel to say, after chmod(2). */
const atPath = (command: CString, directory: CString) =>
  Effect.gen(function*() {
    const libc = yield* Libc
    const path = CommandSearch.resolve(command, directory)
    const status = yield* libc.statx(path).pipe(Effect.mapError(({ errno }) =>
      Errno.is(errno, "ENOENT", "ENOTDIR")
        ? new CommandNotFound({ command, reason: "NoFile" })
        : new CommandNotExecutable({ command, errno })
    ))
    if (status.type === "file") {
      return [{ path, status, executePath: command }]
    }
    return yield* new CommandNotExecutable({
      command,
      errno: Errno.of(status.type === "directory" ? "EISDIR" : "EACCES")
    })
  })

const onPath = (command: CString, directory: CString, environment: Environment) =>
  Effect.gen(function*() {
    const candidates = CommandSearch.candidates(command, get(environment, "PATH"), directory)
    const { executables, refused } = yield* locate(candidates).pipe(
      Effect.mapError(({ errno }) => new CommandNotExecutable({ command, errno }))
    )
    if (executables.length > 0) {
      return executables.map(({ path, status }) => ({ path, status, executePath: path }))
    }
    return yield* refused === undefined
      ? new CommandNotFound({ command, reason: "NotOnPath" })
      : new CommandNotExecutable({ command: refused.path, errno: refused.error.errno })
  })

/** The files that a command may be, in the order in which they are tried; at least one. */
export const findCommand = (
  { command, directory }: Extract<Operation, { readonly _tag: "FindCommand" }>,
  environment: Environment
): Effect.Effect<ReadonlyArray<Found>, CommandNotFound | CommandNotExecutable, Libc> =>
  CommandSearch.isBareName(command) ? onPath(command, directory, environment) : atPath(command, directory)
