/**
 * Calls that are not made but written down, as instructions of a program.
 */
import type * as Errno from "@chroot-exec/core/Errno"
import * as Effect from "effect/Effect"
import { syscallError } from "../Libc.js"
import type { Syscalls } from "../Syscalls.js"
import type { Memory } from "./memoryImage.js"
import type { Instruction, Result } from "./program.js"
import { rawCalls } from "./rawCalls.js"
import { syscallNumber } from "./syscallNumbers.js"

/** The instruction that is to fail, counted from 0, and with what. */
interface Failure {
  readonly index: number
  readonly errno: Errno.Errno
}

/** Which is to fail, and how many come before the first of these. */
interface WritingOptions {
  readonly failure?: Failure
  readonly first?: number
}

/** What is written down. */
export interface Writing {
  readonly calls: Syscalls<Result>
  readonly instructions: ReadonlyArray<Instruction>
}

/**
 * Calls that succeed at once. With a failure that instruction fails as it did for the supervisor: what the operations
 * make of it is the error of the one that it belongs to.
 */
export const makeWriting = (memory: Memory, { failure, first = 0 }: WritingOptions = {}): Writing => {
  const instructions: Array<Instruction> = []
  const calls = rawCalls<Result>((operation, call, values, more = {}) =>
    Effect.suspend(() => {
      const index = first
        + instructions.push({ call: syscallNumber(call), arguments: values(memory), ...more }) - 1
      return index === failure?.index
        ? Effect.fail(syscallError(operation, failure.errno))
        : Effect.succeed({ result: index })
    })
  )
  return { calls, instructions }
}
