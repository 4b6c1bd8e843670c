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
 * Each named after its call. Nothing depends on what they return: what is written down has not happened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Syscalls {
  /** chroot(2). */
  readonly chroot: (path: CString) => Call<void>
  /** chdir(2). */
  readonly chdir: (path: CString) => Call<void>
  /** signal(2). */
  readonly signal: (signal: SignalNumber, action: "default" | "ignore") => Call<void>
  /** sigprocmask(2), SIG_SETMASK. */
  readonly sigprocmask: (blocked: SignalSet) => Call<void>
  /** setrlimit(2) of RLIMIT_NOFILE. */
  readonly setrlimit: (limit: ResourceLimit) => Call<void>
  /** setpgid(2) of this process, to a new group. */
  readonly setpgid: () => Call<void>
  /** prctl(2), PR_SET_PDEATHSIG: the signal that this process gets when the thread that made it ends. */
  readonly setParentDeathSignal: (signal: SignalNumber) => Call<void>
  /** getppid(2), which has to be this process (ESRCH); `maker` is for the supervisor to know. */
  readonly checkParent: (parent: number | "maker") => Call<void>
  /** write(2). */
  readonly write: (fd: Fd, bytes: Uint8Array) => Call<unknown>
  /** execve(2). After a failure with one of `tryNext` another one follows. */
  readonly execve: (program: Program, tryNext: ReadonlyArray<Errno.Errno>) => Call<unknown>
}
