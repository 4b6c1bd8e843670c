/**
 * Appending to a log file without holding up the event loop.
 *
 * @since 0.1.0
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as Effect from "effect/Effect"
import { write } from "node:fs"
import { LogFailed, type LogFile } from "./LogFiles.js"

/**
 * Writes all of the bytes at the end of a file: write(2), on a thread of libuv's pool. Not interrupted, since the kernel
 * reads the bytes meanwhile. Fails with `LogFailed`.
 *
 * @since 0.1.0
 * @category models
 */
export type LogWriter = (bytes: Uint8Array) => Effect.Effect<void, LogFailed>

const errnoOf = (error: NodeJS.ErrnoException): Errno.Errno =>
  error.errno === undefined ? Errno.of("EIO") : Errno.fromNumber(Math.abs(error.errno))

/**
 * The writer of a log file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ fd, path }: LogFile): LogWriter => {
  const once = (bytes: Uint8Array) =>
    Effect.async<number, LogFailed>((resume) => {
      write(fd, bytes, (error, count) => {
        resume(
          error === null
            ? Effect.succeed(count)
            : Effect.fail(new LogFailed({ file: path, errno: errnoOf(error) }))
        )
      })
    })
  const all = (bytes: Uint8Array): Effect.Effect<void, LogFailed> =>
    Effect.flatMap(once(bytes), (count) => count >= bytes.length ? Effect.void : all(bytes.subarray(count)))
  return (bytes) => Effect.uninterruptible(all(bytes))
}
