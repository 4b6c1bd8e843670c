/**
 * The one door to the kernel.
 *
 * Each operation of the service is one call of the C library, with the meaning of its man page; the arguments
 * are brands, and what the call reports through errno(3) is a `SyscallError`. `LibcLive` calls the C library;
 * `@chroot-exec/sys/testing` records.
 *
 * @since 0.1.0
 */
import type { CString } from "@chroot-exec/core/CString"
import type * as Errno from "@chroot-exec/core/Errno"
import type { ExitStatus } from "@chroot-exec/core/ExitStatus"
import type { SignalSet } from "@chroot-exec/core/Signal"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Fd, Mode, Pid, ResourceLimit, SignalNumber } from "./Brands.js"
import type { Call, Program, Syscalls } from "./Syscalls.js"
import { SyscallError } from "./Syscalls.js"

export type { Program } from "./Syscalls.js"
export { SyscallError } from "./Syscalls.js"

/**
 * A status flag of open files: what cannot be done at once fails with EAGAIN.
 *
 * @since 0.1.0
 * @category constants
 */
export { O_NONBLOCK } from "./internal/constants.js"

/**
 * This is not Linux, or not an architecture that the bindings were written for.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnsupportedPlatform extends Schema.TaggedError<UnsupportedPlatform>()("UnsupportedPlatform", {
  platform: Schema.String
}) {
  override get message(): string {
    return `running a step is not supported on ${this.platform}; it takes Linux on x64 or arm64`
  }
}

/**
 * What a path leads to: statx(2), symbolic links followed.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileStatus {
  readonly type: "file" | "directory" | "other"
  readonly mode: Mode
  /** Device, inode, size, and the times of the last changes: another file, or another content, has another one. */
  readonly identity: string
}

/**
 * Both ends of a pipe.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pipe {
  readonly read: Fd
  readonly write: Fd
}

/**
 * What a descriptor is opened for.
 *
 * - `read`: open(2) may wait, as it does for a FIFO;
 * - `readAtOnce`: O_NONBLOCK, for a path that somebody may exchange for a FIFO;
 * - `readWrite`, `write`;
 * - `directory`: O_PATH, to be entered.
 *
 * @since 0.1.0
 * @category models
 */
export type Access = "read" | "readAtOnce" | "readWrite" | "write" | "directory"

/**
 * A descriptor that is watched.
 *
 * @since 0.1.0
 * @category models
 */
export interface Watch {
  /** Returns once the descriptor can be read without waiting, or is at its end. One fiber at a time. */
  readonly readable: Effect.Effect<void>
  /** To be called before the descriptor is closed. */
  readonly close: Effect.Effect<void>
}

/**
 * What a spawned child starts with; everything else it inherits.
 *
 * @since 0.1.0
 * @category models
 */
export interface SpawnAttributes {
  /** The descriptors that become its 0, 1, 2 and so on. */
  readonly descriptors: ReadonlyArray<Fd>
  /** Signals that are back at their default action in it. */
  readonly defaults: SignalSet
  /** Its signal mask, unless it is to be that of the calling thread. */
  readonly blocked?: SignalSet
}

/**
 * The operations, each named after its call.
 *
 * @since 0.1.0
 * @category models
 */
export interface LibcOperations extends Syscalls {
  /** open(2), with O_CLOEXEC. */
  readonly open: (path: CString, access: Access) => Call<Fd>
  /**
   * openat2(2), with O_CLOEXEC and RESOLVE_IN_ROOT: no symbolic link and no `..` leads outside `root`. `create` makes a
   * new file to write to, mode 0644 less the umask, and fails with EEXIST where there is anything.
   */
  readonly openat2: (root: Fd, path: CString, what: "directory" | "create") => Call<Fd>
  /** mkdirat(2), mode 0755 less the umask. `name` is one component. */
  readonly mkdirat: (directory: Fd, name: CString) => Call<void>
  /** unlinkat(2): a file or a symbolic link itself. `name` is one component. */
  readonly unlinkat: (directory: Fd, name: CString) => Call<void>
  /** getdents64(2), to the end: the names in a directory, in no order. */
  readonly getdents: (directory: Fd) => Call<ReadonlyArray<string>>
  /** read(2): at most `length` bytes; none at the end of the file. */
  readonly read: (fd: Fd, length: number) => Call<Uint8Array>
  /**
   * read(2) into a buffer of the caller's: the number of bytes, 0 at the end of the file, -1 when there are none yet
   * (EAGAIN), which is no failure for who asks often.
   */
  readonly readInto: (fd: Fd, buffer: Uint8Array) => Call<number>
  /** write(2): the number of bytes that were written. */
  readonly write: (fd: Fd, bytes: Uint8Array) => Call<number>
  /** close(2). */
  readonly close: (fd: Fd) => Call<void>
  /** pipe2(2), both ends O_CLOEXEC. */
  readonly pipe2: () => Call<Pipe>
  /** socketpair(2): AF_UNIX, SOCK_SEQPACKET, so that messages stay whole; both ends O_CLOEXEC and O_NONBLOCK. */
  readonly socketpair: () => Call<readonly [Fd, Fd]>
  /** fcntl(2), F_SETPIPE_SZ: the capacity of a pipe, in bytes. */
  readonly setPipeSize: (fd: Fd, size: number) => Call<void>
  /** fcntl(2), F_SETFD: whether the descriptor closes on execve(2). */
  readonly setCloseOnExec: (fd: Fd, closeOnExec: boolean) => Call<void>
  /** fcntl(2), F_GETFL: the status flags of the open file, such as O_NONBLOCK. */
  readonly getStatusFlags: (fd: Fd) => Call<number>
  /** fcntl(2), F_SETFL. */
  readonly setStatusFlags: (fd: Fd, flags: number) => Call<void>
  /** close_range(2), CLOSE_RANGE_CLOEXEC: every descriptor from `first` upwards closes on execve(2). */
  readonly closeRange: (first: Fd) => Call<void>
  /** poll(2), POLLIN: returns once the descriptor can be read without waiting, or is at its end. */
  readonly poll: (fd: Fd) => Call<void>
  /** Watches a descriptor with poll(2), POLLIN, as long as it is read; for descriptors that are read often. */
  readonly watch: (fd: Fd) => Call<Watch>
  /** poll(2), POLLOUT: returns once the descriptor takes something, or nobody reads it any more. */
  readonly pollWritable: (fd: Fd) => Call<void>
  /** statx(2). */
  readonly statx: (path: CString) => Call<FileStatus>
  /** faccessat(2), X_OK with AT_EACCESS: whether the process may execute the file. */
  readonly faccessat: (path: CString) => Call<void>
  /** chmod(2), symbolic links followed. */
  readonly chmod: (path: CString, mode: Mode) => Call<void>
  /** fchdir(2). */
  readonly fchdir: (directory: Fd) => Call<void>
  /** unshare(2), CLONE_FS: root and working directory of the calling thread become its own. */
  readonly unshareFs: () => Call<void>
  /** getrlimit(2) of RLIMIT_NOFILE. */
  readonly getrlimit: () => Call<ResourceLimit>
  /** Returns the first of these signals to arrive, instead of its action, as sigwait(3) does. */
  readonly sigwait: (signals: SignalSet) => Call<SignalNumber>
  /** posix_spawn(3). */
  readonly posixSpawn: (program: Program, attributes: SpawnAttributes) => Call<Pid>
  /** wait4(2): returns when the child has ended. The call goes on when the fiber is interrupted. */
  readonly wait4: (pid: Pid) => Call<ExitStatus>
  /** wait4(2), WNOHANG: whether the child has ended, and is gone with that. */
  readonly reap: (pid: Pid) => Call<boolean>
  /** pidfd_open(2): a descriptor that can be read once the process has ended. */
  readonly pidfdOpen: (pid: Pid) => Call<Fd>
  /** kill(2). */
  readonly kill: (pid: Pid, signal: SignalNumber) => Call<void>
  /** getppid(2); none when the parent is not visible here. */
  readonly getppid: () => Call<number>
  /** memfd_create(2), with MFD_CLOEXEC: a file in memory, to be read and written. */
  readonly memfdCreate: () => Call<Fd>
  /** lseek(2), SEEK_SET. */
  readonly lseek: (fd: Fd, offset: number) => Call<void>
  /** environ(7): the process's environment as a block of entries that each end with a NUL. */
  readonly environ: () => Call<Uint8Array>
  /** execve(2). */
  readonly execve: (program: Program) => Call<never>
}

/**
 * Every operation with the name of its call, as errors tell it.
 *
 * @since 0.1.0
 * @category constants
 */
export const syscalls = {
  open: "open",
  openat2: "openat2",
  mkdirat: "mkdirat",
  unlinkat: "unlinkat",
  getdents: "getdents64",
  read: "read",
  readInto: "read",
  write: "write",
  close: "close",
  pipe2: "pipe2",
  socketpair: "socketpair",
  setPipeSize: "fcntl",
  setCloseOnExec: "fcntl",
  getStatusFlags: "fcntl",
  setStatusFlags: "fcntl",
  closeRange: "close_range",
  poll: "poll",
  watch: "poll",
  pollWritable: "poll",
  statx: "statx",
  faccessat: "faccessat",
  chmod: "chmod",
  chroot: "chroot",
  chdir: "chdir",
  fchdir: "fchdir",
  unshareFs: "unshare",
  setParentDeathSignal: "prctl",
  getrlimit: "getrlimit",
  setrlimit: "setrlimit",
  signal: "signal",
  sigprocmask: "sigprocmask",
  sigwait: "sigwait",
  posixSpawn: "posix_spawn",
  wait4: "wait4",
  reap: "wait4",
  pidfdOpen: "pidfd_open",
  kill: "kill",
  memfdCreate: "memfd_create",
  lseek: "lseek",
  setpgid: "setpgid",
  unshare: "unshare",
  becomeInit: "clone",
  sethostname: "sethostname",
  mount: "mount",
  mountSetattr: "mount_setattr",
  pivotRoot: "pivot_root",
  umount: "umount2",
  setgroups: "setgroups",
  setresgid: "setresgid",
  setresuid: "setresuid",
  dropBounding: "prctl",
  clearAmbient: "prctl",
  clearCapabilities: "capset",
  setNoNewPrivileges: "prctl",
  checkParent: "getppid",
  getppid: "getppid",
  environ: "environ",
  execve: "execve"
} as const satisfies Record<keyof LibcOperations, string>

/**
 * The failure of an operation.
 *
 * @since 0.1.0
 * @category constructors
 */
export const syscallError = (operation: keyof LibcOperations, errno: Errno.Errno): SyscallError =>
  new SyscallError({ syscall: syscalls[operation], errno }, { disableValidation: true })

/**
 * @since 0.1.0
 * @category context
 */
export class Libc extends Context.Tag("@chroot-exec/sys/Libc")<Libc, LibcOperations>() {}
