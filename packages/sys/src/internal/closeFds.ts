/**
 * Letting descriptors close on execve(2), on any kernel.
 */
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Effect from "effect/Effect"
import { Fd } from "../Brands.js"
import { readFile } from "../File.js"
import { Libc, type SyscallError, syscallError } from "../Libc.js"

const STATUS = CString.make("/proc/self/status")
const STATUS_LIMIT = 64 * 1024

/** The number of descriptors that the process's table has room for: no open one is larger. */
const tableSize = Effect.gen(function*() {
  const status = SurrogateEscape.decode(yield* readFile(STATUS, STATUS_LIMIT))
  const size = /^FDSize:\s*(\d+)$/m.exec(status)?.[1]
  return size === undefined
    ? yield* syscallError("closeRange", Errno.of("ENOSYS"))
    : Number(size)
})

/** One by one. EBADF only says that this one is not open. */
const oneByOne = (first: Fd) =>
  Effect.gen(function*() {
    const libc = yield* Libc
    const size = yield* tableSize
    for (let fd = first; fd < size; fd = Fd.make(fd + 1)) {
      yield* libc.setCloseOnExec(fd, true).pipe(
        Effect.catchIf((error) => Errno.is(error.errno, "EBADF"), () => Effect.void)
      )
    }
  })

/**
 * What close_range(2) says where it does not exist (ENOSYS), where it does not know the flag (EINVAL), and where an
 * older seccomp filter of a container runtime refuses every call that is newer than itself (EPERM).
 */
const UNSUPPORTED: ReadonlySet<string> = new Set(["ENOSYS", "EINVAL", "EPERM"])

/**
 * Every descriptor from `first` upwards closes on execve(2). close_range(2) can do that since Linux 5.11; where it
 * cannot, each descriptor is marked by itself. Where neither works it fails: nothing is left open in silence.
 */
export const closeFds = (first: Fd): Effect.Effect<void, SyscallError, Libc> =>
  Effect.flatMap(Libc, (libc) => libc.closeRange(first)).pipe(
    Effect.catchIf(({ errno }) => UNSUPPORTED.has(errno), () => oneByOne(first))
  )
