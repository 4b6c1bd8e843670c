/**
 * A `Libc` for tests that calls nothing: it keeps one ordered record of all calls, answers from a small made-up
 * system, and fails wherever it is told to.
 *
 * @since 0.1.0
 */
import type { CString } from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import { Fd, Limit, Mode, Pid } from "./Brands.js"
import type { FileStatus, LibcOperations, Program, SyscallError } from "./Libc.js"
import { Libc, syscallError } from "./Libc.js"

/**
 * One call, as it was made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly operation: keyof LibcOperations
  readonly args: ReadonlyArray<unknown>
}

/**
 * Where to fail, and with what: at the `nth` call (from 1) of all, or of one operation.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  readonly operation?: keyof LibcOperations
  readonly nth: number
  readonly errno: Errno.Errno
}

/**
 * The made-up system.
 *
 * @since 0.1.0
 * @category models
 */
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

/**
 * The record, and the Layer that fills it. The record belongs to the Layer's user: a new one for each test.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recorder {
  readonly calls: ReadonlyArray<Call>
  readonly layer: Layer.Layer<Libc>
}

/**
 * A regular file with this mode, for `World.status`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const file = (mode: number): FileStatus => ({ type: "file", mode: Mode.make(mode) })

/**
 * A directory, for `World.status`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const directory: FileStatus = { type: "directory", mode: Mode.make(0o755) }

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
const simulate = (world: World): LibcOperations => {
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
    close: () => Effect.void,
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
    getrlimit: () => Effect.succeed({ soft: Limit.make(1024n), hard: Limit.make(4096n) }),
    setrlimit: () => Effect.void,
    signal: () => Effect.void,
    sigprocmask: () => Effect.void,
    sigwait: () => Effect.never,
    posixSpawn: (program, { stdio: [, stdout] }) =>
      Effect.sync(() => {
        const reader = pipes.get(stdout)
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
    kill: (pid) => Effect.sync(() => children.get(pid)?.end()),
    getppid: () => Effect.succeed(PARENT),
    environ: () => Effect.succeed(new Uint8Array()),
    // The process is another program from here on: nothing of this one goes on.
    execve: () => Effect.interrupt,
    ...world.operations
  }
}

/**
 * A recorder of calls to a made-up system, with at most one fault.
 *
 * `execve` succeeds by interrupting the fiber, since a process that succeeds is gone.
 *
 * @example
 * import { Libc } from "@chroot-exec/sys"
 * import * as LibcRecorder from "@chroot-exec/sys/testing"
 * import * as Errno from "@chroot-exec/core/Errno"
 * import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
 *
 * const recorder = LibcRecorder.make({}, { nth: 2, errno: Errno.of("EPERM") })
 * const program = Effect.flatMap(Libc, (libc) => Effect.zipRight(libc.pipe2(), libc.getppid()))
 * // fails with SyscallError { syscall: "getppid", errno: "EPERM" }; recorder.calls has both calls
 * const exit = Effect.runSyncExit(Effect.provide(program, recorder.layer))
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (world: World = {}, fault?: Fault): Recorder => {
  const calls: Array<Call> = []
  const system = simulate(world)

  const fails = (operation: keyof LibcOperations): boolean => {
    if (fault === undefined || (fault.operation ?? operation) !== operation) return false
    const counted = fault.operation === undefined
      ? calls
      : calls.filter((call) => call.operation === operation)
    return counted.length === fault.nth
  }

  const record = <A>(
    operation: keyof LibcOperations,
    args: ReadonlyArray<unknown>,
    run: () => Effect.Effect<A, SyscallError>
  ): Effect.Effect<A, SyscallError> =>
    Effect.suspend(() => {
      calls.push({ operation, args })
      return fault !== undefined && fails(operation)
        ? Effect.fail(syscallError(operation, fault.errno))
        : run()
    })

  const libc: LibcOperations = {
    open: (...args) => record("open", args, () => system.open(...args)),
    read: (...args) => record("read", args, () => system.read(...args)),
    close: (...args) => record("close", args, () => system.close(...args)),
    pipe2: (...args) => record("pipe2", args, () => system.pipe2(...args)),
    setCloseOnExec: (...args) => record("setCloseOnExec", args, () => system.setCloseOnExec(...args)),
    getStatusFlags: (...args) => record("getStatusFlags", args, () => system.getStatusFlags(...args)),
    setStatusFlags: (...args) => record("setStatusFlags", args, () => system.setStatusFlags(...args)),
    closeRange: (...args) => record("closeRange", args, () => system.closeRange(...args)),
    poll: (...args) => record("poll", args, () => system.poll(...args)),
    statx: (...args) => record("statx", args, () => system.statx(...args)),
    faccessat: (...args) => record("faccessat", args, () => system.faccessat(...args)),
    chmod: (...args) => record("chmod", args, () => system.chmod(...args)),
    chroot: (...args) => record("chroot", args, () => system.chroot(...args)),
    chdir: (...args) => record("chdir", args, () => system.chdir(...args)),
    getrlimit: (...args) => record("getrlimit", args, () => system.getrlimit(...args)),
    setrlimit: (...args) => record("setrlimit", args, () => system.setrlimit(...args)),
    signal: (...args) => record("signal", args, () => system.signal(...args)),
    sigprocmask: (...args) => record("sigprocmask", args, () => system.sigprocmask(...args)),
    sigwait: (...args) => record("sigwait", args, () => system.sigwait(...args)),
    posixSpawn: (...args) => record("posixSpawn", args, () => system.posixSpawn(...args)),
    wait4: (...args) => record("wait4", args, () => system.wait4(...args)),
    kill: (...args) => record("kill", args, () => system.kill(...args)),
    getppid: (...args) => record("getppid", args, () => system.getppid(...args)),
    environ: (...args) => record("environ", args, () => system.environ(...args)),
    execve: (...args) => record("execve", args, () => system.execve(...args))
  }
  return { calls, layer: Layer.succeed(Libc, libc) }
}
