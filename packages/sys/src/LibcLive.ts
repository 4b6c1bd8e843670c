/**
 * The C library of this process as the `Libc` service.
 *
 * @since 0.1.0
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Fd, Limit, Mode, Pid, SignalNumber } from "./Brands.js"
import { bind } from "./internal/bindings.js"
import * as C from "./internal/constants.js"
import { readEnviron } from "./internal/environ.js"
import { loadKoffi } from "./internal/koffi.js"
import { cString, sigset, stringArray } from "./internal/memory.js"
import type { FileStatus, LibcOperations, Program, ResourceLimit, SpawnAttributes } from "./Libc.js"
import { Libc, syscallError, UnsupportedPlatform } from "./Libc.js"

const fileType = (mode: number): FileStatus["type"] => {
  const type = mode & C.S_IFMT
  return type === C.S_IFREG ? "file" : type === C.S_IFDIR ? "directory" : "other"
}

/** The operations over a C library that has been loaded. */
const make = (): LibcOperations => {
  const koffi = loadKoffi()
  const library = koffi.load(null)
  const libc = bind(library)

  const fail = (operation: keyof LibcOperations, errno: number) =>
    Effect.fail(syscallError(operation, Errno.fromNumber(errno)))

  /** A call that returns -1 on failure. Its errno is read before anything else can run. */
  const call = <A>(
    operation: keyof LibcOperations,
    invoke: () => unknown,
    onSuccess: (result: number) => A
  ) =>
    Effect.suspend(() => {
      const result = Number(invoke())
      return result === -1 ? fail(operation, koffi.errno()) : Effect.succeed(onSuccess(result))
    })

  const run = (operation: keyof LibcOperations, invoke: () => unknown) =>
    call(operation, invoke, () => undefined)

  const spawn = (
    { argv, envp, path }: Program,
    { defaults, stdio }: SpawnAttributes
  ): readonly [number, number] => {
    const actions = new Uint8Array(C.SPAWN_ACTIONS_SIZE)
    const attributes = new Uint8Array(C.SPAWN_ATTRIBUTES_SIZE)
    const pid = new Int32Array(1)
    const [arguments_, environment] = [stringArray(koffi, argv), stringArray(koffi, envp)]
    libc.actionsInit(actions)
    // Standard output and error before input: none of the three is then overwritten before it has been copied,
    // as long as each is either its own target or above 2.
    for (const target of [1, 2, 0] as const) libc.actionsAddDup2(actions, stdio[target], target)
    libc.attributesInit(attributes)
    libc.attributesSetFlags(attributes, C.POSIX_SPAWN_SETSIGDEF)
    libc.attributesSetDefaults(attributes, sigset(defaults | C.GLIBC_SIGNALS))
    const errno = Number(
      libc.posix_spawn(pid, cString(path), actions, attributes, arguments_.pointers, environment.pointers)
    )
    libc.actionsDestroy(actions)
    return [errno, pid[0] ?? 0]
  }

  return {
    open: (path, access) =>
      call(
        "open",
        () => libc.open(cString(path), (access === "read" ? C.O_RDONLY : C.O_RDWR) | C.O_CLOEXEC),
        (fd) => Fd.make(fd)
      ),
    read: (fd, length) =>
      Effect.suspend(() => {
        const buffer = new Uint8Array(length)
        return call("read", () => libc.read(fd, buffer, length), (count) => buffer.subarray(0, count))
      }),
    close: (fd) => run("close", () => libc.close(fd)),
    pipe2: () =>
      Effect.suspend(() => {
        const fds = new Int32Array(2)
        return call("pipe2", () => libc.pipe2(fds, C.O_CLOEXEC), () => ({
          read: Fd.make(fds[0] ?? -1),
          write: Fd.make(fds[1] ?? -1)
        }))
      }),
    setCloseOnExec: (fd, closeOnExec) =>
      run("setCloseOnExec", () => libc.fcntl(fd, C.F_SETFD, "int", closeOnExec ? C.FD_CLOEXEC : 0)),
    getStatusFlags: (fd) => call("getStatusFlags", () => libc.fcntl(fd, C.F_GETFL), (flags) => flags),
    setStatusFlags: (fd, flags) => run("setStatusFlags", () => libc.fcntl(fd, C.F_SETFL, "int", flags)),
    closeRange: (first) =>
      run(
        "closeRange",
        () => libc.syscall(C.SYS_close_range, "uint", first, "uint", C.MAX_FD, "uint", C.CLOSE_RANGE_CLOEXEC)
      ),
    poll: (fd) =>
      Effect.async<void>((resume) => {
        const handle = koffi.node.poll(fd, { readable: true }, () => {
          handle.close()
          resume(Effect.void)
        })
        return Effect.sync(() => handle.close())
      }),
    statx: (path) =>
      Effect.suspend(() => {
        const buffer = new DataView(new ArrayBuffer(C.STATX_SIZE))
        return call(
          "statx",
          () => libc.statx(C.AT_FDCWD, cString(path), 0, C.STATX_TYPE_AND_MODE, buffer),
          () => {
            const mode = buffer.getUint16(C.STATX_MODE_OFFSET, true)
            return { type: fileType(mode), mode: Mode.make(mode & 0o7777) }
          }
        )
      }),
    faccessat: (path) =>
      run("faccessat", () => libc.faccessat(C.AT_FDCWD, cString(path), C.X_OK, C.AT_EACCESS)),
    chmod: (path, mode) => run("chmod", () => libc.chmod(cString(path), mode)),
    chroot: (path) => run("chroot", () => libc.chroot(cString(path))),
    chdir: (path) => run("chdir", () => libc.chdir(cString(path))),
    getrlimit: () =>
      Effect.suspend(() => {
        const limit = new BigUint64Array(2)
        return call("getrlimit", () => libc.getrlimit(C.RLIMIT_NOFILE, limit), (): ResourceLimit => ({
          soft: Limit.make(limit[0] ?? 0n),
          hard: Limit.make(limit[1] ?? 0n)
        }))
      }),
    setrlimit: ({ hard, soft }) =>
      run("setrlimit", () => libc.setrlimit(C.RLIMIT_NOFILE, BigUint64Array.of(soft, hard))),
    signal: (signal, action) =>
      Effect.suspend(() => {
        const previous = libc.signal(signal, action === "ignore" ? C.SIG_IGN : C.SIG_DFL)
        return BigInt(String(previous)) === C.SIG_ERR ? fail("signal", koffi.errno()) : Effect.void
      }),
    sigprocmask: (blocked) =>
      run("sigprocmask", () => libc.sigprocmask(C.SIG_SETMASK, sigset(blocked), null)),
    sigwait: (signals) =>
      Effect.async<SignalNumber>((resume) => {
        const listeners = Signal.numbers(signals).map((number) => {
          const listener = () => {
            forget()
            resume(Effect.succeed(SignalNumber.make(number)))
          }
          return { name: Signal.name(number), listener }
        })
        // Without a listener the signal has its own action again.
        const forget = () => {
          for (const { listener, name } of listeners) process.off(name, listener)
        }
        for (const { listener, name } of listeners) process.on(name, listener)
        return Effect.sync(forget)
      }),
    posixSpawn: (program, attributes) =>
      Effect.suspend(() => {
        const [errno, pid] = spawn(program, attributes)
        return errno === 0 ? Effect.succeed(Pid.make(pid)) : fail("posixSpawn", errno)
      }),
    wait4: (pid) =>
      Effect.async<void>((resume) => {
        // Blocks a thread of libuv's pool, and only tells when: koffi has no errno of another thread. It gets no
        // buffer to write to, since nothing would keep one alive until it does.
        libc.waitid.async(C.P_PID, pid, null, C.WEXITED | C.WNOWAIT, () => resume(Effect.void))
      }).pipe(
        Effect.zipRight(Effect.suspend(() => {
          const status = new Int32Array(1)
          return call(
            "wait4",
            () => libc.wait4(pid, status, 0, null),
            () => ExitStatus.fromWaitStatus(status[0] ?? 0)
          )
        }))
      ),
    kill: (pid, signal) => run("kill", () => libc.kill(pid, signal)),
    getppid: () => call("getppid", () => libc.getppid(), (pid) => pid),
    environ: () => Effect.sync(() => readEnviron(koffi, library, (text) => Number(libc.strlen(text)))),
    execve: ({ argv, envp, path }) =>
      Effect.suspend(() => {
        const [arguments_, environment] = [stringArray(koffi, argv), stringArray(koffi, envp)]
        libc.execve(cString(path), arguments_.pointers, environment.pointers)
        // It only returns to say why not.
        return fail("execve", koffi.errno())
      })
  }
}

/**
 * The `Libc` of this process. Fails with `UnsupportedPlatform` where the bindings do not apply; loads nothing
 * before it is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Libc, UnsupportedPlatform> = Layer.effect(
  Libc,
  Effect.suspend(() => {
    const platform = `${process.platform} ${process.arch}`
    return platform === "linux x64" || platform === "linux arm64"
      ? Effect.try({
        try: make,
        catch: () => new UnsupportedPlatform({ platform: `${platform} without koffi` })
      })
      : Effect.fail(new UnsupportedPlatform({ platform }))
  })
)
