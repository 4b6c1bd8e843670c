/**
 * The memory of a program that another process carries out.
 */
import type { CString } from "@chroot-exec/core/CString"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"

const WORD = 8

/** Grows at its end. Addresses are counted from its beginning until it is known where that will be. */
export class Memory {
  readonly #pieces: Array<{ readonly at: number; readonly bytes: Uint8Array }> = []
  readonly #pointers: Array<{ readonly at: number; readonly to: number }> = []
  size = 0

  #reserve(length: number): number {
    const at = this.size
    // Whatever is next may be a number, which has to be aligned.
    this.size = at + Math.ceil(length / WORD) * WORD
    return at
  }

  bytes(bytes: Uint8Array): { readonly address: number } {
    const at = this.#reserve(bytes.length)
    this.#pieces.push({ at, bytes })
    return { address: at }
  }

  /** 64-bit numbers, one after the other. */
  words(...words: ReadonlyArray<bigint>): { readonly address: number } {
    return this.bytes(new Uint8Array(BigUint64Array.from(words).buffer))
  }

  /** A text and a NUL. */
  text(text: CString): { readonly address: number } {
    const encoded = SurrogateEscape.encode(text)
    const at = this.#reserve(encoded.length + 1)
    this.#pieces.push({ at, bytes: encoded })
    return { address: at }
  }

  /** How many bytes a text has. */
  lengthOf(text: CString): number {
    return SurrogateEscape.encode(text).length
  }

  /** Pointers to texts, and a null pointer: `char *const []`. */
  texts(texts: ReadonlyArray<CString>): { readonly address: number } {
    const targets = texts.map((text) => this.text(text).address)
    const at = this.#reserve((targets.length + 1) * WORD)
    for (const [index, to] of targets.entries()) this.#pointers.push({ at: at + index * WORD, to })
    return { address: at }
  }

  /** Lays it out from `start` in `view`, where `base` is its address. */
  writeTo(view: DataView, start: number, base: bigint): void {
    const all = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    for (const { at, bytes } of this.#pieces) all.set(bytes, start + at)
    for (const { at, to } of this.#pointers) view.setBigUint64(start + at, base + BigInt(to), true)
  }
}
