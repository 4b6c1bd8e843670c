/**
 * The made-up system behind the recording `Libc`.
 */
import type { CString } from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import { Fd, Limit, Pid } from "../Brands.js"
import type { FileStatus, LibcOperations, Program } from "../Libc.js"
import { syscallError } from "../Libc.js"

/** What the system is made of. */
export interface World {
  /** What open(2) and read(2) find; other paths are ENOENT. Every path can be opened to read and write. */
  readonly contents?: Readonly<Record<string, string | Uint8Array>>
  /** What statx(2) finds; other paths are ENOENT. */
  readonly status?: Readonly<Record<string, FileStatus>>
  /** What a spawned program writes on its standard output. */
  readonly output?: (program: Program) => string | Uint8Array
  /** How it ends; exit code 0 unless given. */
  readonly ended?: ExitStatus.ExitStatus
  /** Operations that do something else. They are recorded, and fail on a fault, like all others. */
  readonly operations?: Partial<LibcOperations>
}

const toBytes = (text: string | Uint8Array): Uint8Array =>
  typeof text === "string" ? SurrogateEscape.encode(text) : text

const FIRST_FD = 10
const FIRST_PID = 1000
const PARENT = 99

/** A child that runs until it is told to end. */
interface Child {
  readonly stdout: Fd | undefined
  readonly ended: Effect.Effect<void>
  readonly end: () => void
}

const makeChild = (stdout: Fd | undefined): Child => {
  const ended = Deferred.unsafeMake<void>(FiberId.none)
  return { stdout, ended: Deferred.await(ended), end: () => Deferred.unsafeDone(ended, Effect.void) }
}

/** The operations of the made-up system. */
export const simulate = (world: World): LibcOperations => {
  let nextFd = FIRST_FD
  let nextPid = FIRST_PID
  /** What read(2) still gives, by descriptor. */
  const unread = new Map<number, Uint8Array>()
  /** The read end of each write end. */
  const pipes = new Map<number, Fd>()
  /** Children that run: a child ends when its output has been read to the end, or when it is killed. */
  const children = new Map<number, Child>()
  const newFd = () => Fd.make(nextFd++)
  const absent = (operation: keyof LibcOperations) => Effect.fail(syscallError(operation, Errno.of("ENOENT")))
  const statusOf = (path: CString) => world.status?.[path]

  return {
    open: (path, access) =>
      Effect.suspend(() => {
        const content = access === "readWrite" ? "" : world.contents?.[path]
        if (content === undefined) return absent("open")
        const fd = newFd()
        unread.set(fd, toBytes(content))
        return Effect.succeed(fd)
      }),
    read: (fd, length) =>
      Effect.sync(() => {
        const bytes = unread.get(fd) ?? new Uint8Array()
        unread.set(fd, bytes.subarray(length))
        if (bytes.length === 0) {
          for (const child of children.values()) if (child.stdout === fd) child.end()
        }
        return bytes.subarray(0, length)
      }),
    openat2: (_root, path, what) => {
      if (what === "create") return Effect.sync(newFd)
      return statusOf(path)?.type === "directory" ? Effect.sync(newFd) : absent("openat2")
    },
    mkdirat: () => Effect.void,
    unlinkat: () => Effect.void,
    getdents: () => Effect.succeed([]),
    readInto: (fd, buffer) =>
      Effect.sync(() => {
        const bytes = (unread.get(fd) ?? new Uint8Array()).subarray(0, buffer.length)
        unread.set(fd, (unread.get(fd) ?? new Uint8Array()).subarray(bytes.length))
        buffer.set(bytes)
        return bytes.length
      }),
    write: (_fd, bytes) => Effect.succeed(bytes.length),
    close: () => Effect.void,
    socketpair: () => Effect.sync(() => [newFd(), newFd()] as const),
    setPipeSize: () => Effect.void,
    pipe2: () =>
      Effect.sync(() => {
        const pipe = { read: newFd(), write: newFd() }
        pipes.set(pipe.write, pipe.read)
        return pipe
      }),
    setCloseOnExec: () => Effect.void,
    getStatusFlags: () => Effect.succeed(0),
    setStatusFlags: () => Effect.void,
    closeRange: () => Effect.void,
    poll: () => Effect.void,
    watch: () => Effect.succeed({ readable: Effect.void, close: Effect.void }),
    pollWritable: () => Effect.void,
    statx: (path) => {
      const status = statusOf(path)
      return status === undefined ? absent("statx") : Effect.succeed(status)
    },
    faccessat: (path) => {
      const status = statusOf(path)
      if (status === undefined) return absent("faccessat")
      return (status.mode & 0o111) === 0
        ? Effect.fail(syscallError("faccessat", Errno.of("EACCES")))
        : Effect.void
    },
    chmod: () => Effect.void,
    chroot: () => Effect.void,
    chdir: () => Effect.void,
    fchdir: () => Effect.void,
    unshareFs: () => Effect.void,
    setParentDeathSignal: () => Effect.void,
    getrlimit: () => Effect.succeed({ soft: Limit.make(1024n), hard: Limit.make(4096n) }),
    setrlimit: () => Effect.void,
    signal: () => Effect.void,
    sigprocmask: () => Effect.void,
    sigwait: () => Effect.never,
    posixSpawn: (program, { descriptors: [, stdout] }) =>
      Effect.sync(() => {
        const reader = stdout === undefined ? undefined : pipes.get(stdout)
        if (reader !== undefined) unread.set(reader, toBytes(world.output?.(program) ?? ""))
        const pid = Pid.make(nextPid++)
        children.set(pid, makeChild(reader))
        return pid
      }),
    wait4: (pid) =>
      Effect.map(
        children.get(pid)?.ended ?? Effect.void,
        () => world.ended ?? new ExitStatus.Exited({ code: 0 })
      ),
    reap: () => Effect.succeed(true),
    pidfdOpen: () => Effect.sync(newFd),
    kill: (pid) => Effect.sync(() => children.get(pid)?.end()),
    getppid: () => Effect.succeed(PARENT),
    checkParent: (parent) =>
      parent === "maker" || parent === PARENT ? Effect.void : syscallError("checkParent", Errno.of("ESRCH")),
    setpgid: () => Effect.void,
    unshare: () => Effect.void,
    becomeInit: () => Effect.void,
    sethostname: () => Effect.void,
    mount: () => Effect.void,
    mountSetattr: () => Effect.void,
    pivotRoot: () => Effect.void,
    umount: () => Effect.void,
    setgroups: () => Effect.void,
    setresgid: () => Effect.void,
    setresuid: () => Effect.void,
    dropBounding: () => Effect.void,
    clearAmbient: () => Effect.void,
    clearCapabilities: () => Effect.void,
    setNoNewPrivileges: () => Effect.void,
    memfdCreate: () => Effect.sync(newFd),
    lseek: () => Effect.void,
    environ: () => Effect.succeed(new Uint8Array()),
    // The process is another program from here on: nothing of this one goes on.
    execve: () => Effect.interrupt,
    ...world.operations
  }
}
