/**
 * Bytes that arrive in pieces.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as Effect from "effect/Effect"
import type { Fd } from "../Brands.js"
import type { LibcOperations } from "../Libc.js"
import { type SyscallError, syscallError } from "../Libc.js"

const CHUNK = 64 * 1024

/** The pieces so far, and the most that they may come to. */
export class Chunks {
  readonly #limit: number
  readonly #chunks: Array<Uint8Array> = []
  #length = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Reads from `fd` to its end, or until read(2) fails. Beyond the limit it fails with EFBIG. */
  readonly readFrom = (libc: LibcOperations, fd: Fd): Effect.Effect<void, SyscallError> =>
    Effect.gen(this, function*() {
      while (true) {
        const chunk = yield* libc.read(fd, CHUNK)
        if (chunk.length === 0) return
        this.#chunks.push(chunk)
        this.#length += chunk.length
        if (this.#length > this.#limit) {
          return yield* syscallError("read", Errno.of("EFBIG"))
        }
      }
    })

  /** All bytes so far. */
  concat(): Uint8Array {
    const bytes = new Uint8Array(this.#length)
    let offset = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset)
      offset += chunk.length
    }
    return bytes
  }
}
