/**
 * The operations on processes, signals and limits.
 */
import type { CString } from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import { Fd, Limit, Pid, type ResourceLimit, SignalNumber } from "../../Brands.js"
import { type LibcOperations, type Program, type SpawnAttributes, syscallError } from "../../Libc.js"
import * as C from "../constants.js"
import { readEnviron } from "../environ.js"
import type { Library } from "../koffi.js"
import { cString, sigset, stringArray } from "../memory.js"
import type { Calls } from "./calls.js"

type Operations = Pick<
  LibcOperations,
  | "checkParent"
  | "environ"
  | "execve"
  | "getppid"
  | "getrlimit"
  | "kill"
  | "pidfdOpen"
  | "posixSpawn"
  | "reap"
  | "setParentDeathSignal"
  | "setpgid"
  | "setrlimit"
  | "signal"
  | "sigprocmask"
  | "sigwait"
  | "wait4"
>

export const processOperations = (calls: Calls, library: Library): Operations => {
  const { call, fail, koffi, libc, run } = calls

  /** Returns the errno and the pid. */
  const spawn = (
    { argv, envp, path }: Program,
    { blocked, defaults }: SpawnAttributes,
    descriptors: ReadonlyArray<number>
  ): readonly [number, number] => {
    const actions = new Uint8Array(C.SPAWN_ACTIONS_SIZE)
    const attributes = new Uint8Array(C.SPAWN_ATTRIBUTES_SIZE)
    const pid = new Int32Array(1)
    const [arguments_, environment] = [stringArray(koffi, argv), stringArray(koffi, envp)]
    libc.actionsInit(actions)
    for (const [target, fd] of descriptors.entries()) libc.actionsAddDup2(actions, fd, target)
    libc.attributesInit(attributes)
    libc.attributesSetFlags(
      attributes,
      C.POSIX_SPAWN_SETSIGDEF | (blocked === undefined ? 0 : C.POSIX_SPAWN_SETSIGMASK)
    )
    libc.attributesSetDefaults(attributes, sigset(defaults | C.GLIBC_SIGNALS))
    if (blocked !== undefined) libc.attributesSetMask(attributes, sigset(blocked))
    const errno = Number(
      libc.posix_spawn(pid, cString(path), actions, attributes, arguments_.pointers, environment.pointers)
    )
    libc.actionsDestroy(actions)
    return [errno, pid[0] ?? 0]
  }

  /**
   * The descriptors in the order of their targets. One that stands where another goes to is replaced by a copy beyond
   * all targets, so that none is overwritten before its turn.
   */
  const outOfTheWay = (given: ReadonlyArray<Fd>) => {
    const copies: Array<number> = []
    let errno = 0
    const descriptors = given.map((fd, target) => {
      if (fd === target || fd >= given.length) return fd
      const copy = Number(libc.fcntl(fd, C.F_DUPFD_CLOEXEC, "int", given.length))
      if (copy === -1) errno = koffi.errno()
      else copies.push(copy)
      return copy
    })
    return { descriptors, copies, errno }
  }

  const getppid = call("getppid", () => libc.getppid(), (pid) => pid)

  const toDefault = (action: "default" | "ignore") => action === "ignore" ? C.SIG_IGN : C.SIG_DFL

  const execute = (argv: ReadonlyArray<CString>, envp: ReadonlyArray<CString>, path: CString) => {
    const [arguments_, environment] = [stringArray(koffi, argv), stringArray(koffi, envp)]
    libc.execve(cString(path), arguments_.pointers, environment.pointers)
    // It only returns to say why not.
    return koffi.errno()
  }

  return {
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
        const previous = libc.signal(signal, toDefault(action))
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
    setParentDeathSignal: (signal) =>
      run("setParentDeathSignal", () => libc.prctl(C.PR_SET_PDEATHSIG, "ulong", signal)),
    posixSpawn: (program, attributes) =>
      Effect.suspend(() => {
        const { copies, descriptors, errno: refused } = outOfTheWay(attributes.descriptors)
        const [errno, pid] = refused === 0 ? spawn(program, attributes, descriptors) : [refused, 0]
        for (const copy of copies) libc.close(copy)
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
    reap: (pid) => call("reap", () => libc.wait4(pid, null, C.WNOHANG, null), (reaped) => reaped === pid),
    pidfdOpen: (pid) =>
      call("pidfdOpen", () => libc.syscall(C.SYS_pidfd_open, "int", pid, "uint", 0), (fd) => Fd.make(fd)),
    kill: (pid, signal) => run("kill", () => libc.kill(pid, signal)),
    getppid: () => getppid,
    setpgid: () => run("setpgid", () => libc.setpgid(0, 0)),
    checkParent: (parent) =>
      parent === "maker"
        ? Effect.void
        : Effect.flatMap(getppid, (pid) =>
          pid === parent ? Effect.void : syscallError("checkParent", Errno.of("ESRCH"))),
    environ: () => Effect.sync(() => readEnviron(koffi, library, (text) => Number(libc.strlen(text)))),
    execve: ({ argv, envp, path }) => Effect.suspend(() => fail("execve", execute(argv, envp, path)))
  }
}
