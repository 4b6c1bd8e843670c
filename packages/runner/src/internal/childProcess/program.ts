/**
 * The file that a program's name stands for, as execve(2) will find it.
 *
 * Node starts programs through execvp(3), which hands a file that the kernel refuses (ENOEXEC) to `/bin/sh`, on Linux
 * and on FreeBSD alike. So the kernel's question, what kind of file is this, is asked here first: only an interpreter
 * line, or a program for the machine that this Node was built for, gets as far as execvp(3).
 */
import * as CommandSearch from "@chroot-exec/core/CommandSearch"
import { type Environment, get } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import { CommandNotExecutable, CommandNotFound } from "@chroot-exec/core/ExecError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs"
import { errnoOf } from "./errno.js"

/** What a program's file begins with: `Elf64_Ehdr` of elf(5). */
const HEADER = 64
const IDENTIFICATION = 6
const MACHINE = [18, 20] as const

const readHeader = (path: string): Uint8Array => {
  const fd = openSync(path, "r")
  try {
    const header = new Uint8Array(HEADER)
    return header.subarray(0, readSync(fd, header))
  } finally {
    closeSync(fd)
  }
}

const isSame = (one: Uint8Array, other: Uint8Array, from: number, to: number): boolean =>
  one.subarray(from, to).every((byte, index) => byte === other[from + index])

/** The same format, word size and byte order as Node's own file, for the same machine. */
const isNative = (header: Uint8Array): boolean => {
  const own = readHeader(process.execPath)
  return header.length === HEADER && isSame(header, own, 0, IDENTIFICATION) && isSame(header, own, ...MACHINE)
}

const isScript = (header: Uint8Array): boolean => header[0] === 0x23 && header[1] === 0x21

/** Who may execute a file without reading it gets no help from a shell either, which would have to read it. */
const readIfAllowed = (path: string): Uint8Array | undefined => {
  try {
    return readHeader(path)
  } catch {
    return undefined
  }
}

/** The path when it can be executed, else why not. */
const inspect = (path: string): Either.Either<string, Errno.Errno> => {
  try {
    const status = statSync(path)
    if (!status.isFile()) return Either.left(Errno.of(status.isDirectory() ? "EISDIR" : "EACCES"))
    accessSync(path, constants.X_OK)
  } catch (error) {
    return Either.left(errnoOf(error))
  }
  const header = readIfAllowed(path)
  return header === undefined || isScript(header) || isNative(header)
    ? Either.right(path)
    : Either.left(Errno.of("ENOEXEC"))
}

const isMissing = (errno: Errno.Errno): boolean => Errno.is(errno, "ENOENT", "ENOTDIR")

type Located = Either.Either<string, CommandNotFound | CommandNotExecutable>

const atPath = (command: string, directory: string): Located =>
  Either.mapLeft(
    inspect(CommandSearch.resolve(command, directory)),
    (errno) =>
      isMissing(errno)
        ? new CommandNotFound({ command, reason: "NoFile" })
        : new CommandNotExecutable({ command, errno })
  )

const onPath = (command: string, path: string | undefined, directory: string): Located => {
  let refused: Errno.Errno | undefined
  for (const candidate of CommandSearch.candidates(command, path, directory)) {
    const inspected = inspect(candidate)
    if (Either.isRight(inspected)) return Either.right(inspected.right)
    if (!isMissing(inspected.left)) refused ??= inspected.left
  }
  return Either.left(
    refused === undefined
      ? new CommandNotFound({ command, reason: "NotOnPath" })
      : new CommandNotExecutable({ command, errno: refused })
  )
}

/** The path to execute: a bare name is searched on the child's PATH, as execvp(3) does. */
export const locate = (
  program: string,
  env: Environment,
  directory: string
): Effect.Effect<string, CommandNotFound | CommandNotExecutable> =>
  Effect.suspend(() =>
    CommandSearch.isBareName(program)
      ? onPath(program, get(env, "PATH"), directory)
      : atPath(program, directory)
  )
