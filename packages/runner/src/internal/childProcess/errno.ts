/**
 * The errno in what Node throws.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as Schema from "effect/Schema"

const isErrno = Schema.is(Errno.Errno)

/** Node's `code`; EINVAL for what Node refuses by itself, before any system call. */
export const errnoOf = (error: unknown): Errno.Errno =>
  typeof error === "object" && error !== null && "code" in error && isErrno(error.code) &&
    !error.code.startsWith("ERR")
    ? error.code
    : Errno.of("EINVAL")
