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

/** So many bytes are copied faster by a loop than by a call into native code. */
const FEW = 256

/** Copies bytes and returns where the next ones go. */
const put = (target: Uint8Array, to: number, source: Buffer, start: number, end: number): number => {
  if (end - start > FEW) return to + source.copy(target, to, start, end)
  let next = to
  for (let at = start; at < end; at++) target[next++] = source[at] ?? 0
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
  readonly #targets: Array<Buffer> = [Buffer.allocUnsafe(0), Buffer.allocUnsafe(0)]
  #turn = 0

  constructor(label: Label) {
    this.#label = label
  }

  /** A buffer with room for more, with what is in it so far. */
  #grow(target: Buffer, length: number, more: number): Buffer {
    if (target.length >= length + more) return target
    const larger = Buffer.allocUnsafe(Math.min((length + more) * 2, LARGEST))
    target.copy(larger, 0, 0, length)
    return larger
  }

  /**
   * The bytes with a prefix before the first byte of each line; `micros` is when they came, in microseconds since the
   * epoch. A line that has begun in earlier bytes has its prefix, and one that has not begun yet gets none. At most a
   * mebibyte comes of it.
   */
  label(bytes: Uint8Array, micros: number): Labelled {
    const prefix = Buffer.from(`${this.#label}${formatTime(micros)} `)
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let target: Buffer = this.#targets[this.#turn] ?? Buffer.allocUnsafe(0)
    let length = 0
    let at = 0
    while (at < source.length) {
      const before = this.#atStart ? prefix.length : 0
      const room = LARGEST - length - before
      if (room <= 0) break
      const newline = source.indexOf(NEWLINE, at)
      const end = Math.min(newline === -1 ? source.length : newline + 1, at + room)
      target = this.#grow(target, length, before + end - at)
      if (this.#atStart) length = put(target, length, prefix, 0, prefix.length)
      length = put(target, length, source, at, end)
      this.#atStart = source[end - 1] === NEWLINE
      at = end
    }
    this.#targets[this.#turn] = target
    this.#turn = 1 - this.#turn
    return { bytes: target.subarray(0, length), taken: at }
  }
}
