/**
 * Error numbers of Linux by name, with what they say: errno(3).
 *
 * The numbers are those of x86-64, arm64 and every other architecture that uses `asm-generic/errno.h`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const table = {
  EPERM: [1, "operation not permitted"],
  ENOENT: [2, "no such file or directory"],
  ESRCH: [3, "no such process"],
  EINTR: [4, "interrupted system call"],
  EIO: [5, "input/output error"],
  ENXIO: [6, "no such device or address"],
  E2BIG: [7, "argument list too long"],
  ENOEXEC: [8, "exec format error"],
  EBADF: [9, "bad file descriptor"],
  ECHILD: [10, "no child processes"],
  EAGAIN: [11, "resource temporarily unavailable"],
  ENOMEM: [12, "cannot allocate memory"],
  EACCES: [13, "permission denied"],
  EFAULT: [14, "bad address"],
  EBUSY: [16, "device or resource busy"],
  EEXIST: [17, "file exists"],
  EXDEV: [18, "invalid cross-device link"],
  ENODEV: [19, "no such device"],
  ENOTDIR: [20, "not a directory"],
  EISDIR: [21, "is a directory"],
  EINVAL: [22, "invalid argument"],
  ENFILE: [23, "too many open files in system"],
  EMFILE: [24, "too many open files"],
  ENOTTY: [25, "inappropriate ioctl for device"],
  ETXTBSY: [26, "text file busy"],
  EFBIG: [27, "file too large"],
  ENOSPC: [28, "no space left on device"],
  ESPIPE: [29, "illegal seek"],
  EROFS: [30, "read-only file system"],
  EMLINK: [31, "too many links"],
  EPIPE: [32, "broken pipe"],
  ERANGE: [34, "numerical result out of range"],
  EDEADLK: [35, "resource deadlock avoided"],
  ENAMETOOLONG: [36, "file name too long"],
  ENOSYS: [38, "function not implemented"],
  ENOTEMPTY: [39, "directory not empty"],
  ELOOP: [40, "too many levels of symbolic links"],
  ELIBACC: [79, "cannot access a needed shared library"],
  ELIBBAD: [80, "accessing a corrupted shared library"],
  EOVERFLOW: [75, "value too large for defined data type"],
  EUSERS: [87, "too many users"],
  EOPNOTSUPP: [95, "operation not supported"],
  ECONNRESET: [104, "connection reset by peer"],
  ETIMEDOUT: [110, "connection timed out"],
  ESTALE: [116, "stale file handle"],
  EDQUOT: [122, "disk quota exceeded"]
} as const satisfies Record<string, readonly [number, string]>

type Known = keyof typeof table

const isKnown = (name: string): name is Known => Object.hasOwn(table, name)

const names: ReadonlyMap<number, Known> = new Map(
  Object.keys(table).filter(isKnown).map((name) => [table[name][0], name])
)

/**
 * The name of an error number: `ENOENT`, or `E` and the number for one that the table does not have.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Errno = Schema.String.pipe(Schema.pattern(/^E[A-Z0-9]+$/), Schema.brand("Errno"))

/**
 * @since 0.1.0
 * @category models
 */
export type Errno = typeof Errno.Type

/**
 * @since 0.1.0
 * @category constructors
 */
export const fromNumber = (number: number): Errno => Errno.make(names.get(number) ?? `E${number}`)

/**
 * The number of an error.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toNumber = (errno: Errno): number => {
  const name: string = errno
  return isKnown(name) ? table[name][0] : Number(name.slice(1))
}

/**
 * An error by its name, checked by the compiler.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (name: Known): Errno => Errno.make(name)

/**
 * Whether it is one of these, whose names the compiler checks.
 *
 * @since 0.1.0
 * @category predicates
 */
export const is = (errno: Errno, ...names: ReadonlyArray<Known>): boolean => {
  const given: string = errno
  return names.some((name) => name === given)
}

/**
 * What strerror(3) says, in lower case, for messages: `no such file or directory`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const describe = (errno: Errno): string => {
  const name: string = errno
  return isKnown(name) ? table[name][1] : `error ${name.slice(1)}`
}
