/**
 * A program of system calls in memory, as the supervisor takes it: `struct program` of its source.
 */
import type * as Errno from "@chroot-exec/core/Errno"
import { toNumber } from "@chroot-exec/core/Errno"
import type { Memory } from "./memoryImage.js"

/** What an earlier instruction, counted from the first one of the program, has come to. */
export interface Result {
  readonly result: number
}

/** What an argument of a call is: a number, the address of something in the program's own memory, or a result. */
export type Argument = number | bigint | { readonly address: number } | Result

export interface Instruction {
  /** The number of the call. */
  readonly call: number
  readonly arguments: ReadonlyArray<Argument>
  /** The result has to be the number of the process that has made this one. */
  readonly expectParent?: boolean
  /** These errors are none. */
  readonly ignored?: ReadonlyArray<Errno.Errno>
  /** After these errors the program goes on; when nothing comes after it, the first of them is its own. */
  readonly tryNext?: ReadonlyArray<Errno.Errno>
}

/** Where the supervisor maps a program: addresses are those of this place. */
const BASE = 0x10_0000_0000n

const HEADER = 32
const INSTRUCTION = 96
const [SECRET, FIRST_FREE, ENTER, BECOME] = [0, 16, 20, 24]
const [CALL, FLAGS, ARGUMENTS, ERRNOS] = [0, 4, 8, 56]
const [EXPECT_PARENT, TRY_NEXT] = [1 << 8, 1 << 9]

const isResult = (value: Argument): value is Result => typeof value === "object" && "result" in value

/** An argument, once it is known where the memory is. */
export const toWord = (value: Argument, memory: bigint): bigint =>
  typeof value !== "object"
    ? BigInt(value)
    : isResult(value)
    ? BigInt(value.result)
    : memory + BigInt(value.address)

const writeInstruction = (view: DataView, at: number, instruction: Instruction, memory: bigint): void => {
  const { arguments: values, call, expectParent = false, ignored = [], tryNext = [] } = instruction
  const results = values.reduce<number>(
    (bits, value, index) => isResult(value) ? bits | (1 << index) : bits,
    0
  )
  view.setInt32(at + CALL, call, true)
  view.setUint32(
    at + FLAGS,
    results | (expectParent ? EXPECT_PARENT : 0) | (tryNext.length > 0 ? TRY_NEXT : 0),
    true
  )
  for (const [index, value] of values.entries()) {
    view.setBigInt64(at + ARGUMENTS + index * 8, BigInt.asIntN(64, toWord(value, memory)), true)
  }
  for (const errno of [...ignored, ...tryNext].map(toNumber)) {
    const word = at + ERRNOS + (errno >> 6) * 8
    view.setBigUint64(word, view.getBigUint64(word, true) | (1n << BigInt(errno & 63)), true)
  }
}

/** What the supervisor is given with a program. */
export interface Given {
  /** 16 bytes, which are in each of its messages. */
  readonly secret: Uint8Array
  /** Descriptors from there upwards are not the step's. */
  readonly firstFree: number
}

/** The bytes of a program: of what the supervisor does, and what the step's process does then. */
export const encode = (
  { firstFree, secret }: Given,
  enter: ReadonlyArray<Instruction>,
  become: ReadonlyArray<Instruction>,
  memory: Memory
): Uint8Array => {
  const instructions = [...enter, ...become]
  const start = HEADER + instructions.length * INSTRUCTION
  const bytes = new Uint8Array(start + memory.size)
  const view = new DataView(bytes.buffer)
  bytes.set(secret, SECRET)
  view.setUint32(FIRST_FREE, firstFree, true)
  view.setUint32(ENTER, enter.length, true)
  view.setUint32(BECOME, become.length, true)
  const base = BASE + BigInt(start)
  for (const [index, instruction] of instructions.entries()) {
    writeInstruction(view, HEADER + index * INSTRUCTION, instruction, base)
  }
  memory.writeTo(view, start, base)
  return bytes
}
