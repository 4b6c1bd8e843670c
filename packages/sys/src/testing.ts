/**
 * A `Libc` for tests that calls nothing: it keeps one ordered record of all calls, answers from a small made-up
 * system, and fails wherever it is told to.
 *
 * @since 0.1.0
 */
import type * as Errno from "@chroot-exec/core/Errno"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Mode } from "./Brands.js"
import * as Simulated from "./internal/simulated.js"
import type { FileStatus, LibcOperations, SyscallError } from "./Libc.js"
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
 * The made-up system: what paths lead to, and what programs do.
 *
 * @since 0.1.0
 * @category models
 */
export type World = Simulated.World

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
export const file = (mode: number): FileStatus => ({ type: "file", mode: Mode.make(mode), identity: "1:1" })

/**
 * A directory, for `World.status`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const directory: FileStatus = {
  type: "directory",
  mode: Mode.make(0o755),
  identity: "1:2"
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
  const system = Simulated.simulate(world)

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
    openat2: (...args) => record("openat2", args, () => system.openat2(...args)),
    mkdirat: (...args) => record("mkdirat", args, () => system.mkdirat(...args)),
    unlinkat: (...args) => record("unlinkat", args, () => system.unlinkat(...args)),
    getdents: (...args) => record("getdents", args, () => system.getdents(...args)),
    read: (...args) => record("read", args, () => system.read(...args)),
    readInto: (...args) => record("readInto", args, () => system.readInto(...args)),
    write: (...args) => record("write", args, () => system.write(...args)),
    close: (...args) => record("close", args, () => system.close(...args)),
    pipe2: (...args) => record("pipe2", args, () => system.pipe2(...args)),
    socketpair: (...args) => record("socketpair", args, () => system.socketpair(...args)),
    setPipeSize: (...args) => record("setPipeSize", args, () => system.setPipeSize(...args)),
    setCloseOnExec: (...args) => record("setCloseOnExec", args, () => system.setCloseOnExec(...args)),
    getStatusFlags: (...args) => record("getStatusFlags", args, () => system.getStatusFlags(...args)),
    setStatusFlags: (...args) => record("setStatusFlags", args, () => system.setStatusFlags(...args)),
    closeRange: (...args) => record("closeRange", args, () => system.closeRange(...args)),
    poll: (...args) => record("poll", args, () => system.poll(...args)),
    watch: (...args) => record("watch", args, () => system.watch(...args)),
    pollWritable: (...args) => record("pollWritable", args, () => system.pollWritable(...args)),
    statx: (...args) => record("statx", args, () => system.statx(...args)),
    faccessat: (...args) => record("faccessat", args, () => system.faccessat(...args)),
    chmod: (...args) => record("chmod", args, () => system.chmod(...args)),
    chroot: (...args) => record("chroot", args, () => system.chroot(...args)),
    chdir: (...args) => record("chdir", args, () => system.chdir(...args)),
    fchdir: (...args) => record("fchdir", args, () => system.fchdir(...args)),
    unshareFs: (...args) => record("unshareFs", args, () => system.unshareFs(...args)),
    setParentDeathSignal: (...args) =>
      record("setParentDeathSignal", args, () => system.setParentDeathSignal(...args)),
    getrlimit: (...args) => record("getrlimit", args, () => system.getrlimit(...args)),
    setrlimit: (...args) => record("setrlimit", args, () => system.setrlimit(...args)),
    signal: (...args) => record("signal", args, () => system.signal(...args)),
    sigprocmask: (...args) => record("sigprocmask", args, () => system.sigprocmask(...args)),
    sigwait: (...args) => record("sigwait", args, () => system.sigwait(...args)),
    posixSpawn: (...args) => record("posixSpawn", args, () => system.posixSpawn(...args)),
    wait4: (...args) => record("wait4", args, () => system.wait4(...args)),
    pidfdOpen: (...args) => record("pidfdOpen", args, () => system.pidfdOpen(...args)),
    reap: (...args) => record("reap", args, () => system.reap(...args)),
    kill: (...args) => record("kill", args, () => system.kill(...args)),
    checkParent: (...args) => record("checkParent", args, () => system.checkParent(...args)),
    unshare: (...args) => record("unshare", args, () => system.unshare(...args)),
    becomeInit: (...args) => record("becomeInit", args, () => system.becomeInit(...args)),
    sethostname: (...args) => record("sethostname", args, () => system.sethostname(...args)),
    mount: (...args) => record("mount", args, () => system.mount(...args)),
    mountSetattr: (...args) => record("mountSetattr", args, () => system.mountSetattr(...args)),
    pivotRoot: (...args) => record("pivotRoot", args, () => system.pivotRoot(...args)),
    umount: (...args) => record("umount", args, () => system.umount(...args)),
    setgroups: (...args) => record("setgroups", args, () => system.setgroups(...args)),
    setresgid: (...args) => record("setresgid", args, () => system.setresgid(...args)),
    setresuid: (...args) => record("setresuid", args, () => system.setresuid(...args)),
    dropBounding: (...args) => record("dropBounding", args, () => system.dropBounding(...args)),
    clearAmbient: (...args) => record("clearAmbient", args, () => system.clearAmbient(...args)),
    clearCapabilities: (...args) =>
      record("clearCapabilities", args, () => system.clearCapabilities(...args)),
    setNoNewPrivileges: (...args) =>
      record("setNoNewPrivileges", args, () => system.setNoNewPrivileges(...args)),
    setpgid: (...args) => record("setpgid", args, () => system.setpgid(...args)),
    memfdCreate: (...args) => record("memfdCreate", args, () => system.memfdCreate(...args)),
    lseek: (...args) => record("lseek", args, () => system.lseek(...args)),
    getppid: (...args) => record("getppid", args, () => system.getppid(...args)),
    environ: (...args) => record("environ", args, () => system.environ(...args)),
    execve: (program) => record("execve", [program], () => system.execve(program))
  }
  return { calls, layer: Layer.succeed(Libc, libc) }
}
