/**
 * The numbers of the calls that a program for the supervisor is made of: `asm/unistd.h`.
 */
interface Numbers {
  readonly x64: number
  readonly arm64: number
}

const numbers = {
  chdir: { x64: 80, arm64: 49 },
  chroot: { x64: 161, arm64: 51 },
  execve: { x64: 59, arm64: 221 },
  getppid: { x64: 110, arm64: 173 },
  prctl: { x64: 157, arm64: 167 },
  prlimit64: { x64: 302, arm64: 261 },
  rt_sigaction: { x64: 13, arm64: 134 },
  rt_sigprocmask: { x64: 14, arm64: 135 },
  setpgid: { x64: 109, arm64: 154 },
  write: { x64: 1, arm64: 64 }
} as const satisfies Record<string, Numbers>

export type SyscallName = keyof typeof numbers

/** The number on this machine. */
export const syscallNumber = (name: SyscallName): number =>
  numbers[name][process.arch === "arm64" ? "arm64" : "x64"]
