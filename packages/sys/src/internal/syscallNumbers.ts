/**
 * The numbers of the calls that a program for the supervisor is made of: `asm/unistd.h`.
 */
interface Numbers {
  readonly x64: number
  readonly arm64: number
}

const numbers = {
  /** No call: of the supervisor. */
  BECOME_INIT: { x64: -1, arm64: -1 },
  capset: { x64: 126, arm64: 91 },
  chdir: { x64: 80, arm64: 49 },
  chroot: { x64: 161, arm64: 51 },
  close: { x64: 3, arm64: 57 },
  execve: { x64: 59, arm64: 221 },
  getppid: { x64: 110, arm64: 173 },
  mount: { x64: 165, arm64: 40 },
  mount_setattr: { x64: 442, arm64: 442 },
  openat: { x64: 257, arm64: 56 },
  pivot_root: { x64: 155, arm64: 41 },
  prctl: { x64: 157, arm64: 167 },
  prlimit64: { x64: 302, arm64: 261 },
  rt_sigaction: { x64: 13, arm64: 134 },
  rt_sigprocmask: { x64: 14, arm64: 135 },
  setgroups: { x64: 116, arm64: 159 },
  sethostname: { x64: 170, arm64: 161 },
  setpgid: { x64: 109, arm64: 154 },
  setresgid: { x64: 119, arm64: 149 },
  setresuid: { x64: 117, arm64: 147 },
  umount2: { x64: 166, arm64: 39 },
  unshare: { x64: 272, arm64: 97 },
  write: { x64: 1, arm64: 64 }
} as const satisfies Record<string, Numbers>

export type SyscallName = keyof typeof numbers

/** The number on this machine. */
export const syscallNumber = (name: SyscallName): number =>
  numbers[name][process.arch === "arm64" ? "arm64" : "x64"]
