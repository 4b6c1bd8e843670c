/**
 * A program for the supervisor, read as the supervisor reads it.
 */
import type * as LibcRecorder from "@chroot-exec/sys/testing"

const BASE = 0x10_0000_0000n
const [HEADER, INSTRUCTION] = [32, 96]

/** The calls of x86-64 and of arm64 by their numbers, and what their arguments are. */
const calls: ReadonlyArray<
  readonly [name: string, x64: number, arm64: number, ...kinds: ReadonlyArray<Kind>]
> = [
  ["BECOME_INIT", -1, -1],
  ["capset", 126, 91, "one", "three"],
  ["close", 3, 57, "number"],
  ["mount", 165, 40, "text", "text", "text", "number", "text"],
  ["mount_setattr", 442, 442, "number", "text", "number", "four", "number"],
  ["openat", 257, 56, "number", "text", "number", "none"],
  ["pivot_root", 155, 41, "text", "text"],
  ["setgroups", 116, 159, "number", "ids"],
  ["sethostname", 170, 161, "text", "number"],
  ["setresgid", 119, 149, "number", "number", "number"],
  ["setresuid", 117, 147, "number", "number", "number"],
  ["umount2", 166, 39, "text", "number"],
  ["unshare", 272, 97, "number"],
  ["setpgid", 109, 154, "number", "number"],
  ["prctl", 157, 167, "number", "number", "none", "none", "none"],
  ["getppid", 110, 173],
  ["rt_sigaction", 13, 134, "number", "action", "none", "word size"],
  ["rt_sigprocmask", 14, 135, "number", "set", "none", "word size"],
  ["prlimit64", 302, 261, "number", "number", "pair", "none"],
  ["chdir", 80, 49, "text"],
  ["chroot", 161, 51, "text"],
  ["write", 1, 64, "number", "memory", "number"],
  ["execve", 59, 221, "text", "texts", "texts"]
]

type Kind =
  | "four"
  | "ids"
  | "one"
  | "three"
  | "action"
  | "memory"
  | "none"
  | "number"
  | "pair"
  | "set"
  | "text"
  | "texts"
  | "word size"

class Program {
  readonly #view: DataView
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #word(address: bigint): bigint {
    return this.#view.getBigUint64(Number(address - BASE), true)
  }

  #text(address: bigint): string {
    const start = Number(address - BASE)
    return Buffer.from(this.#bytes.subarray(start, this.#bytes.indexOf(0, start))).toString()
  }

  #texts(address: bigint): ReadonlyArray<string> {
    const texts: Array<string> = []
    for (let at = address; this.#word(at) !== 0n; at += 8n) texts.push(this.#text(this.#word(at)))
    return texts
  }

  #words(address: bigint, count: number): string {
    return Array.from({ length: count }, (_, index) => this.#word(address + 8n * BigInt(index))).join()
  }

  /** As many as the argument before says. */
  #ids(address: bigint, count: number): string {
    const start = Number(address - BASE)
    return Array.from({ length: count }, (_, index) => this.#view.getUint32(start + 4 * index, true)).join()
  }

  #show(kind: Kind, value: bigint, before: bigint): string {
    switch (kind) {
      case "one":
        return ` ${this.#words(value, 1)}`
      case "three":
        return ` ${this.#words(value, 3)}`
      case "four":
        return ` ${this.#words(value, 4)}`
      case "ids":
        return ` ${this.#ids(value, Number(before))}`
      case "number":
        return ` ${value}`
      case "none":
        return value === 0n ? "" : " something"
      case "word size":
        return value === 8n ? "" : ` size ${value}`
      case "action":
        return [1n, 2n, 3n].every((word) => this.#word(value + 8n * word) === 0n)
          ? [" default", " ignore"][Number(this.#word(value))] ?? " a handler"
          : " with flags"
      case "set":
        return ` 0x${this.#word(value).toString(16)}`
      case "pair":
        return ` ${this.#word(value)} ${this.#word(value + 8n)}`
      case "text":
        return ` ${JSON.stringify(this.#text(value))}`
      case "texts":
        return ` ${JSON.stringify(this.#texts(value))}`
      case "memory":
        return ` ${this.#text(value)}`
    }
  }

  #instruction(at: number): string {
    const number = this.#view.getInt32(at, true)
    const flags = this.#view.getUint32(at + 4, true)
    const found = calls.find(([, x64, arm64]) => number === (process.arch === "arm64" ? arm64 : x64))
    if (found === undefined) return `call ${number}`
    const [name, , , ...kinds] = found
    const argument = (index: number) => this.#view.getBigInt64(at + 8 + 8 * index, true)
    const values = kinds.map((kind, index) =>
      flags & (1 << index) ? ` #${argument(index)}` : this.#show(kind, argument(index), argument(index - 1))
    )
    const ignores = (flags & 512) === 0 && this.#view.getBigUint64(at + 56, true) === 1n << 22n
    return [
      name,
      ...values,
      flags & 256 ? ": the maker" : "",
      flags & 512 ? ", else the next" : "",
      ignores ? ", but EINVAL" : ""
    ].join("")
  }

  /** Everything that is in it, a line each. */
  lines(): ReadonlyArray<string> {
    const [enter, become] = [this.#view.getUint32(20, true), this.#view.getUint32(24, true)]
    const instructions = Array.from(
      { length: enter + become },
      (_, index) => this.#instruction(HEADER + index * INSTRUCTION)
    )
    return [
      `secret ${Buffer.from(this.#bytes.subarray(0, 16)).toString("hex")}`,
      `first free ${this.#view.getUint32(16, true)}`,
      ...instructions.slice(0, enter),
      "become:",
      ...instructions.slice(enter)
    ]
  }
}

/** The program that was written to a file in memory. */
export const programOf = ({ args: [, bytes] }: LibcRecorder.Call): ReadonlyArray<string> =>
  bytes instanceof Uint8Array ? new Program(bytes).lines() : []
