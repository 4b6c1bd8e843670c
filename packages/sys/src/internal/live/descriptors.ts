/**
 * The operations on descriptors.
 */
import * as CString from "@chroot-exec/core/CString"
import * as Effect from "effect/Effect"
import { Fd } from "../../Brands.js"
import type { LibcOperations } from "../../Libc.js"
import * as C from "../constants.js"
import type { PollEvents } from "../koffi.js"
import { cString } from "../memory.js"
import { makeWatch } from "../watch.js"
import type { Calls } from "./calls.js"

type Operations = Pick<
  LibcOperations,
  | "close"
  | "closeRange"
  | "getStatusFlags"
  | "lseek"
  | "memfdCreate"
  | "pipe2"
  | "poll"
  | "pollWritable"
  | "read"
  | "readInto"
  | "setCloseOnExec"
  | "setPipeSize"
  | "setStatusFlags"
  | "socketpair"
  | "watch"
  | "write"
>

export const descriptorOperations = ({ call, fail, koffi, libc, run }: Calls): Operations => {
  /** A call that makes two descriptors. */
  const pair = (operation: "pipe2" | "socketpair", invoke: (fds: Int32Array) => unknown) =>
    Effect.suspend(() => {
      const fds = new Int32Array(2)
      return call(operation, () => invoke(fds), () => [Fd.make(fds[0] ?? -1), Fd.make(fds[1] ?? -1)] as const)
    })

  const poll = (fd: Fd, events: PollEvents) =>
    Effect.async<void>((resume) => {
      const handle = koffi.node.poll(fd, events, () => {
        handle.close()
        // koffi calls back outside of Node's own callbacks, after which promises would wait for another event.
        setImmediate(() => resume(Effect.void))
      })
      return Effect.sync(() => handle.close())
    })

  return {
    read: (fd, length) =>
      Effect.suspend(() => {
        const buffer = new Uint8Array(length)
        return call("read", () => libc.read(fd, buffer, length), (count) => buffer.subarray(0, count))
      }),
    readInto: (fd, buffer) =>
      Effect.suspend(() => {
        const count = Number(libc.read(fd, buffer, buffer.length))
        if (count >= 0) return Effect.succeed(count)
        const errno = koffi.errno()
        return errno === C.EAGAIN ? Effect.succeed(-1) : fail("readInto", errno)
      }),
    write: (fd, bytes) => call("write", () => libc.write(fd, bytes, bytes.length), (count) => count),
    close: (fd) => run("close", () => libc.close(fd)),
    memfdCreate: () =>
      call(
        "memfdCreate",
        () => libc.memfd_create(cString(CString.make("")), C.MFD_CLOEXEC),
        (fd) => Fd.make(fd)
      ),
    lseek: (fd, offset) => run("lseek", () => libc.lseek(fd, offset, C.SEEK_SET)),
    pipe2: () =>
      Effect.map(pair("pipe2", (fds) => libc.pipe2(fds, C.O_CLOEXEC)), ([read, write]) => ({ read, write })),
    socketpair: () =>
      pair(
        "socketpair",
        (fds) => libc.socketpair(C.AF_UNIX, C.SOCK_SEQPACKET | C.SOCK_CLOEXEC | C.SOCK_NONBLOCK, 0, fds)
      ),
    setPipeSize: (fd, size) => run("setPipeSize", () => libc.fcntl(fd, C.F_SETPIPE_SZ, "int", size)),
    setCloseOnExec: (fd, closeOnExec) =>
      run("setCloseOnExec", () => libc.fcntl(fd, C.F_SETFD, "int", closeOnExec ? C.FD_CLOEXEC : 0)),
    getStatusFlags: (fd) => call("getStatusFlags", () => libc.fcntl(fd, C.F_GETFL), (flags) => flags),
    setStatusFlags: (fd, flags) => run("setStatusFlags", () => libc.fcntl(fd, C.F_SETFL, "int", flags)),
    closeRange: (first) =>
      run(
        "closeRange",
        () => libc.syscall(C.SYS_close_range, "uint", first, "uint", C.MAX_FD, "uint", C.CLOSE_RANGE_CLOEXEC)
      ),
    poll: (fd) => poll(fd, { readable: true }),
    watch: (fd) => Effect.sync(() => makeWatch(koffi, fd)),
    pollWritable: (fd) => poll(fd, { writable: true })
  }
}
