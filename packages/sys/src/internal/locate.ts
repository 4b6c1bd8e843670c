/**
 * Which of the files that a bare name may stand for can be executed.
 */
import * as CommandSearch from "@chroot-exec/core/CommandSearch"
import type { CString } from "@chroot-exec/core/CString"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type FileStatus, Libc, type SyscallError } from "../Libc.js"

/** A regular file that the process may execute. */
export interface Executable {
  readonly path: CString
  readonly status: FileStatus
}

/** What a search found: files that can be executed, and the first regular file that cannot. */
export interface Located {
  readonly executables: ReadonlyArray<Executable>
  readonly refused: { readonly path: CString; readonly error: SyscallError } | undefined
}

/** An error that a search passes over becomes a value. */
const passOver = <A>(
  call: Effect.Effect<A, SyscallError>
): Effect.Effect<Either.Either<A, SyscallError>, SyscallError> =>
  call.pipe(
    Effect.map(Either.right),
    Effect.catchIf(({ errno }) => CommandSearch.isPassedOver(errno), (error) =>
      Effect.succeed(Either.left(error)))
  )

/**
 * Inspects the candidates in order. What a search passes over is passed over here; any other error ends it.
 */
export const locate = (candidates: ReadonlyArray<CString>): Effect.Effect<Located, SyscallError, Libc> =>
  Effect.gen(function*() {
    const libc = yield* Libc
    const executables: Array<Executable> = []
    let refused: Located["refused"]
    for (const path of candidates) {
      const status = yield* passOver(libc.statx(path))
      if (Either.isLeft(status) || status.right.type !== "file") continue
      const access = yield* passOver(libc.faccessat(path))
      if (Either.isRight(access)) executables.push({ path, status: status.right })
      else refused ??= { path, error: access.left }
    }
    return { executables, refused }
  })
