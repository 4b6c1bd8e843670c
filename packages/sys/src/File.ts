/**
 * Reading a whole file through the `Libc` service.
 *
 * @since 0.1.0
 */
import type { CString } from "@chroot-exec/core/CString"
import * as Effect from "effect/Effect"
import { Chunks } from "./internal/chunks.js"
import { Libc } from "./Libc.js"

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
    (fd) => {
      const chunks = new Chunks(limit)
      return Effect.map(chunks.readFrom(libc, fd), () => chunks.concat())
    },
    // Nothing is lost when closing a file that was only read fails.
    (fd) => Effect.ignore(libc.close(fd))
  )
})
