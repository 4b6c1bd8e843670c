/**
 * Calls of the kernel as it takes them: numbers, and addresses of memory.
 */
import type * as Errno from "@chroot-exec/core/Errno"
import { of } from "@chroot-exec/core/Errno"
import type { Call, Syscalls } from "../Syscalls.js"
import * as C from "./constants.js"
import type { Memory } from "./memoryImage.js"
import type { Argument, Instruction } from "./program.js"
import type { SyscallName } from "./syscallNumbers.js"

/** What becomes of a call: it is made, or written down. Each is one. */
export type Perform<Opened> = (
  operation: keyof Syscalls,
  call: SyscallName,
  values: (memory: Memory) => ReadonlyArray<Argument | Opened>,
  more?: Pick<Instruction, "expectParent" | "ignored" | "tryNext">
) => Call<Opened>

const SIGSET_SIZE = 8

/** `struct sigaction` of the kernel, of an action that is no function. */
const sigaction = (memory: Memory, action: "default" | "ignore") =>
  memory.words(action === "ignore" ? C.SIG_IGN : C.SIG_DFL, 0n, 0n, 0n)

/** `gid_t []` */
const ids = (memory: Memory, numbers: ReadonlyArray<number>) =>
  memory.bytes(new Uint8Array(Uint32Array.from(numbers).buffer))

const unknown: ReadonlyArray<Errno.Errno> = [of("EINVAL")]

/** What only the supervisor needs to have written down: `Libc` makes these by the C library. */
const ofLibc = <Opened>(perform: Perform<Opened>) => ({
  chroot: (path) => perform("chroot", "chroot", (memory) => [memory.text(path)]),
  chdir: (path) => perform("chdir", "chdir", (memory) => [memory.text(path)]),
  open: (path) =>
    perform("open", "openat", (memory) => [C.AT_FDCWD, memory.text(path), C.O_WRONLY | C.O_CLOEXEC, 0]),
  close: (fd) => perform("close", "close", () => [fd]),
  signal: (signal, action) =>
    perform("signal", "rt_sigaction", (memory) => [signal, sigaction(memory, action), 0, SIGSET_SIZE]),
  sigprocmask: (blocked) =>
    perform(
      "sigprocmask",
      "rt_sigprocmask",
      (memory) => [C.SIG_SETMASK, memory.words(blocked), 0, SIGSET_SIZE]
    ),
  setrlimit: ({ hard, soft }) =>
    perform("setrlimit", "prlimit64", (memory) => [0, C.RLIMIT_NOFILE, memory.words(soft, hard), 0]),
  setpgid: () => perform("setpgid", "setpgid", () => [0, 0]),
  setParentDeathSignal: (signal) =>
    perform("setParentDeathSignal", "prctl", () => [C.PR_SET_PDEATHSIG, signal]),
  checkParent: () => perform("checkParent", "getppid", () => [], { expectParent: true }),
  becomeInit: () => perform("becomeInit", "BECOME_INIT", () => []),
  write: (fd, bytes) => perform("write", "write", (memory) => [fd, memory.bytes(bytes), bytes.length]),
  execve: ({ argv, envp, path }, tryNext) =>
    perform(
      "execve",
      "execve",
      (memory) => [memory.text(path), memory.texts(argv), memory.texts(envp)],
      { tryNext }
    )
} satisfies Partial<Syscalls<Opened>>)

/** What C libraries do to all threads of a process, or do not have. */
export const threadCalls = <Opened>(perform: Perform<Opened>) => ({
  unshare: (flags) => perform("unshare", "unshare", () => [flags]),
  sethostname: (name) =>
    perform("sethostname", "sethostname", (memory) => [memory.text(name), memory.lengthOf(name)]),
  mount: (source, target, type, flags, data) =>
    perform("mount", "mount", (memory) => [
      memory.text(source),
      memory.text(target),
      memory.text(type),
      flags,
      memory.text(data)
    ]),
  mountSetattr: (target, attributes) =>
    perform("mountSetattr", "mount_setattr", (memory) => [
      C.AT_FDCWD,
      memory.text(target),
      C.AT_RECURSIVE,
      // attr_set, attr_clr, propagation, userns_fd
      memory.words(BigInt(attributes), 0n, 0n, 0n),
      C.MOUNT_ATTR_SIZE
    ]),
  pivotRoot: (newRoot, putOld) =>
    perform("pivotRoot", "pivot_root", (memory) => [memory.text(newRoot), memory.text(putOld)]),
  umount: (target, detach) =>
    perform("umount", "umount2", (memory) => [memory.text(target), detach ? C.MNT_DETACH : 0]),
  setgroups: (groups) => perform("setgroups", "setgroups", (memory) => [groups.length, ids(memory, groups)]),
  setresgid: (gid) => perform("setresgid", "setresgid", () => [gid, gid, gid]),
  setresuid: (uid) => perform("setresuid", "setresuid", () => [uid, uid, uid]),
  dropBounding: (capability) =>
    perform("dropBounding", "prctl", () => [C.PR_CAPBSET_DROP, capability, 0, 0, 0], { ignored: unknown }),
  clearAmbient: () =>
    perform("clearAmbient", "prctl", () => [C.PR_CAP_AMBIENT, C.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0]),
  clearCapabilities: () =>
    perform("clearCapabilities", "capset", (memory) => [
      memory.words(C.CAPABILITY_VERSION_3),
      // effective, permitted and inheritable, twice 32 bits each
      memory.words(0n, 0n, 0n)
    ]),
  setNoNewPrivileges: () => perform("setNoNewPrivileges", "prctl", () => [C.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0])
} satisfies Partial<Syscalls<Opened>>)

/** All of them. */
export const rawCalls = <Opened>(perform: Perform<Opened>): Syscalls<Opened> => ({
  ...ofLibc(perform),
  ...threadCalls(perform)
})
