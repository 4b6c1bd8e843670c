/**
 * Calls that are not made but written down, as instructions of a program.
 */
import type * as Errno from "@chroot-exec/core/Errno"
import * as Effect from "effect/Effect"
import { syscallError } from "../Libc.js"
import type { Syscalls } from "../Syscalls.js"
import * as C from "./constants.js"
import type { Memory } from "./memoryImage.js"
import type { Argument, Instruction } from "./program.js"
import { type SyscallName, syscallNumber } from "./syscallNumbers.js"

/** The instruction that is to fail, counted from 0, and with what. */
export interface Failure {
  readonly index: number
  readonly errno: Errno.Errno
}

/** What is written down. Each call is one instruction. */
export interface Writing {
  readonly calls: Syscalls
  readonly instructions: ReadonlyArray<Instruction>
}

const SIGSET_SIZE = 8

/** `struct sigaction` of the kernel, of an action that is no function. */
const sigaction = (memory: Memory, action: "default" | "ignore") =>
  memory.words(action === "ignore" ? C.SIG_IGN : C.SIG_DFL, 0n, 0n, 0n)

/**
 * Calls that succeed at once. With a failure that instruction fails as it did for the supervisor: what the operations
 * make of it is the error of the one that it belongs to.
 */
export const makeWriting = (memory: Memory, failure?: Failure): Writing => {
  const instructions: Array<Instruction> = []

  const write = (
    operation: keyof Syscalls,
    call: SyscallName,
    values: () => ReadonlyArray<Argument>,
    more: Omit<Instruction, "arguments" | "call"> = {}
  ) =>
    Effect.suspend(() => {
      const index = instructions.push({ call: syscallNumber(call), arguments: values(), ...more }) - 1
      return index === failure?.index ? Effect.fail(syscallError(operation, failure.errno)) : Effect.void
    })

  const calls: Syscalls = {
    chroot: (path) => write("chroot", "chroot", () => [memory.text(path)]),
    chdir: (path) => write("chdir", "chdir", () => [memory.text(path)]),
    signal: (signal, action) =>
      write("signal", "rt_sigaction", () => [signal, sigaction(memory, action), 0, SIGSET_SIZE]),
    sigprocmask: (blocked) =>
      write(
        "sigprocmask",
        "rt_sigprocmask",
        () => [C.SIG_SETMASK, memory.words(blocked), 0, SIGSET_SIZE]
      ),
    setrlimit: ({ hard, soft }) =>
      write("setrlimit", "prlimit64", () => [0, C.RLIMIT_NOFILE, memory.words(soft, hard), 0]),
    setpgid: () => write("setpgid", "setpgid", () => [0, 0]),
    setParentDeathSignal: (signal) =>
      write("setParentDeathSignal", "prctl", () => [C.PR_SET_PDEATHSIG, signal]),
    checkParent: () => write("checkParent", "getppid", () => [], { expectParent: true }),
    write: (fd, bytes) => write("write", "write", () => [fd, memory.bytes(bytes), bytes.length]),
    execve: ({ argv, envp, path }, tryNext) =>
      write(
        "execve",
        "execve",
        () => [memory.text(path), memory.texts(argv), memory.texts(envp)],
        { tryNext }
      )
  }
  return { calls, instructions }
}
