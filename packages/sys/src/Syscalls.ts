/**
 * The calls that fixed operations are made of: what an operation means is written once, over these.
 *
 * `Libc` makes them now. The writer (`internal/writing.ts`) makes a program of them for the supervisor.
 *
 * @since 0.1.0
 */
import type { CString } from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import type { SignalSet } from "@chroot-exec/core/Signal"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Fd, ResourceLimit, SignalNumber } from "./Brands.js"

/**
 * A call failed with this errno.
 *
 * @since 0.1.0
 * @category errors
 */
export class SyscallError extends Schema.TaggedError<SyscallError>()("SyscallError", {
  /** The call's name: `chroot`, `posix_spawn`. */
  syscall: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `${this.syscall} failed: ${Errno.describe(this.errno)}`
  }
}

/**
 * What a call comes to.
 *
 * @since 0.1.0
 * @category models
 */
export type Call<A> = Effect.Effect<A, SyscallError>

/**
 * A program to run: its file, its arguments (the name it goes by first) and its environment entries.
 *
 * @since 0.1.0
 * @category models
 */
export interface Program {
  readonly path: CString
  readonly argv: ReadonlyArray<CString>
  readonly envp: ReadonlyArray<CString>
}

/**
 * Each named after its call. Nothing depends on what they return, since what is written down has not happened; but what
 * has been opened (`Opened`) can be handed to later ones.
 *
 * @since 0.1.0
 * @category models
 */
export interface Syscalls<Opened = Fd> {
  /** open(2), with O_CLOEXEC and without O_CREAT. */
  readonly open: (path: CString, access: "write") => Call<Opened>
  /** close(2). */
  readonly close: (fd: Opened) => Call<unknown>
  /** unshare(2), with these bits. */
  readonly unshare: (flags: number) => Call<unknown>
  /** Going on as pid 1 of the pid namespace that was made last. A process cannot: only its next child is in there. */
  readonly becomeInit: () => Call<unknown>
  /** sethostname(2). */
  readonly sethostname: (name: CString) => Call<unknown>
  /** mount(2), with these bits. */
  readonly mount: (
    source: CString,
    target: CString,
    type: CString,
    flags: number,
    data: CString
  ) => Call<unknown>
  /** mount_setattr(2), AT_RECURSIVE: sets these bits. */
  readonly mountSetattr: (target: CString, attributes: number) => Call<unknown>
  /** pivot_root(2). */
  readonly pivotRoot: (newRoot: CString, putOld: CString) => Call<unknown>
  /** umount2(2): `detach` is MNT_DETACH. */
  readonly umount: (target: CString, detach: boolean) => Call<unknown>
  /** setgroups(2), of this thread. */
  readonly setgroups: (groups: ReadonlyArray<number>) => Call<unknown>
  /** setresgid(2), of this thread: all three. */
  readonly setresgid: (gid: number) => Call<unknown>
  /** setresuid(2), of this thread: all three. */
  readonly setresuid: (uid: number) => Call<unknown>
  /** prctl(2), PR_CAPBSET_DROP. A capability that the kernel does not have is dropped already. */
  readonly dropBounding: (capability: number) => Call<unknown>
  /** prctl(2), PR_CAP_AMBIENT_CLEAR_ALL. */
  readonly clearAmbient: () => Call<unknown>
  /** capset(2), of this thread: none at all. */
  readonly clearCapabilities: () => Call<unknown>
  /** prctl(2), PR_SET_NO_NEW_PRIVS. */
  readonly setNoNewPrivileges: () => Call<unknown>
  /** chroot(2). */
  readonly chroot: (path: CString) => Call<unknown>
  /** chdir(2). */
  readonly chdir: (path: CString) => Call<unknown>
  /** signal(2). */
  readonly signal: (signal: SignalNumber, action: "default" | "ignore") => Call<unknown>
  /** sigprocmask(2), SIG_SETMASK. */
  readonly sigprocmask: (blocked: SignalSet) => Call<unknown>
  /** setrlimit(2) of RLIMIT_NOFILE. */
  readonly setrlimit: (limit: ResourceLimit) => Call<unknown>
  /** setpgid(2) of this process, to a new group. */
  readonly setpgid: () => Call<unknown>
  /** prctl(2), PR_SET_PDEATHSIG: the signal that this process gets when the thread that made it ends. */
  readonly setParentDeathSignal: (signal: SignalNumber) => Call<unknown>
  /** getppid(2), which has to be this process (ESRCH); `maker` is for the supervisor to know. */
  readonly checkParent: (parent: number | "maker") => Call<unknown>
  /** write(2). */
  readonly write: (fd: Fd | Opened, bytes: Uint8Array) => Call<unknown>
  /** execve(2). After a failure with one of `tryNext` another one follows. */
  readonly execve: (program: Program, tryNext: ReadonlyArray<Errno.Errno>) => Call<unknown>
}
