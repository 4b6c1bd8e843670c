/**
 * Lines with a label and a time in front of each, as Skyhook's logs have them:
 *
 *     [out]2026-11-24T20:15:24.123456 text
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export type Label = "[out]" | "[err]"

/**
 * What has been labelled.
 *
 * @since 0.1.0
 * @category models
 */
export interface Labelled {
  /** Good until the call after the next one. */
  readonly bytes: Uint8Array
  /** So many of the given bytes are in it; the others have to be given again. */
  readonly taken: number
}

/** A line of one byte grows to 33: what many short lines come to must not be kept in memory at once. */
const LARGEST = 1024 * 1024

const NEWLINE = 10
const MICROS = 1000

/** Bytes, and the same as words. */
interface Memory {
  readonly bytes: Buffer
  readonly words: DataView
}

const toMemory = (bytes: Buffer): Memory => ({
  bytes,
  words: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
})

/** So many bytes are copied faster word by word than by a call into native code. */
const FEW = 512
const WORD = 4

/** Copies bytes and returns where the next ones go. */
const put = (target: Memory, to: number, source: Memory, start: number, end: number): number => {
  if (end - start > FEW) return to + source.bytes.copy(target.bytes, to, start, end)
  let at = start
  let next = to
  for (; at + WORD <= end; at += WORD, next += WORD) target.words.setUint32(next, source.words.getUint32(at))
  for (; at < end; at++, next++) target.words.setUint8(next, source.words.getUint8(at))
  return next
}

/** ISO 8601 in UTC, with microseconds and without a zone: what Skyhook's tools read. */
const formatTime = (micros: number): string => {
  const millis = Math.floor(micros / MICROS)
  // @effect-diagnostics-next-line effect/globalDate:off
  return new Date(millis).toISOString().slice(0, -1) + String(micros - millis * MICROS).padStart(3, "0")
}

/**
 * Labels one stream. All bytes pass through as they are.
 *
 * @since 0.1.0
 * @category models
 */
export class LineLabeler {
  readonly #label: Label
  #atStart = true
  /** What is returned, in turn: one may still be written while the other is filled. */
  readonly #targets: Array<Memory> = [toMemory(Buffer.alloc(0)), toMemory(Buffer.alloc(0))]
  #turn = 0

  constructor(label: Label) {
    this.#label = label
  }

  /** Memory with room for more, with what is in it so far. */
  #grow(target: Memory, length: number, more: number): Memory {
    if (target.bytes.length >= length + more) return target
    const larger = toMemory(Buffer.allocUnsafe(Math.min((length + more) * 2, LARGEST)))
    target.bytes.copy(larger.bytes, 0, 0, length)
    return larger
  }

  /**
   * The bytes with a prefix before the first byte of each line; `micros` is when they came, in microseconds since the
   * epoch. A line that has begun in earlier bytes has its prefix, and one that has not begun yet gets none. At most a
   * mebibyte comes of it.
   */
  label(bytes: Uint8Array, micros: number): Labelled {
    const prefix = toMemory(Buffer.from(`${this.#label}${formatTime(micros)} `))
    const source = toMemory(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    const size = source.bytes.length
    let target = this.#targets[this.#turn] ?? toMemory(Buffer.alloc(0))
    let length = 0
    let at = 0
    while (at < size) {
      const before = this.#atStart ? prefix.bytes.length : 0
      const room = LARGEST - length - before
      if (room <= 0) break
      const newline = source.bytes.indexOf(NEWLINE, at)
      const end = Math.min(newline === -1 ? size : newline + 1, at + room)
      target = this.#grow(target, length, before + end - at)
      if (this.#atStart) length = put(target, length, prefix, 0, before)
      length = put(target, length, source, at, end)
      this.#atStart = source.bytes[end - 1] === NEWLINE
      at = end
    }
    this.#targets[this.#turn] = target
    this.#turn = 1 - this.#turn
    return { bytes: target.bytes.subarray(0, length), taken: at }
  }
}
