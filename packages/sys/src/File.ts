/**
 * Reading a whole file through the `Libc` service.
 *
 * @since 0.1.0
 */
import type { CString } from "@chroot-exec/core/CString"
import * as Effect from "effect/Effect"
import type { Fd } from "./Brands.js"
import { Chunks } from "./internal/chunks.js"
import { Libc, type SyscallError } from "./Libc.js"

/**
 * What is left of an open file. `limit` is as for `readFile`.
 *
 * @since 0.1.0
 * @category operations
 */
export const readToEnd = (fd: Fd, limit: number): Effect.Effect<Uint8Array, SyscallError, Libc> =>
  Effect.flatMap(Libc, (libc) => {
    const chunks = new Chunks(limit)
    return Effect.map(chunks.readFrom(libc, fd), () => chunks.concat())
  })

/**
 * The bytes of a file (a pipe or a file of `/proc`, too). `limit` is the most it may hold: beyond, it fails with
 * EFBIG, so that an endless file does not fill the memory.
 *
 * @since 0.1.0
 * @category operations
 */
export const readFile = Effect.fn("File.readFile")(function*(path: CString, limit: number) {
  const libc = yield* Libc
  return yield* Effect.acquireUseRelease(
    libc.open(path, "read"),
    (fd) => readToEnd(fd, limit),
    // Nothing is lost when closing a file that was only read fails.
    (fd) => Effect.ignore(libc.close(fd))
  )
})

/**
 * Writes all of the bytes, of a file that takes them.
 *
 * @since 0.1.0
 * @category operations
 */
export const writeAll = (fd: Fd, bytes: Uint8Array): Effect.Effect<void, SyscallError, Libc> =>
  Effect.gen(function*() {
    const libc = yield* Libc
    for (let at = 0; at < bytes.length;) at += yield* libc.write(fd, bytes.subarray(at))
  })
