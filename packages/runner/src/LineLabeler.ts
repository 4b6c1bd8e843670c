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

const NEWLINE = 10
const MICROS = 1000

/** ISO 8601 in UTC, with microseconds and without a zone: what Skyhook's tools read. */
const formatTime = (micros: number): string => {
  const millis = Math.floor(micros / MICROS)
  // @effect-diagnostics-next-line effect/globalDate:off
  return new Date(millis).toISOString().slice(0, -1) + String(micros - millis * MICROS).padStart(3, "0")
}

const countLines = (bytes: Buffer): number => {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++
  return count
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

  constructor(label: Label) {
    this.#label = label
  }

  /**
   * The bytes with a prefix before the first byte of each line; `micros` is when they came, in microseconds since the
   * epoch. A line that has begun in earlier bytes has its prefix, and one that has not begun yet gets none.
   */
  label(bytes: Uint8Array, micros: number): Uint8Array {
    const prefix = Buffer.from(`${this.#label}${formatTime(micros)} `)
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const target = Buffer.allocUnsafe(source.length + (countLines(source) + 1) * prefix.length)
    let length = 0
    for (let at = 0; at < source.length;) {
      if (this.#atStart) length += prefix.copy(target, length)
      const newline = source.indexOf(NEWLINE, at)
      const end = newline === -1 ? source.length : newline + 1
      length += source.copy(target, length, at, end)
      this.#atStart = newline !== -1
      at = end
    }
    return target.subarray(0, length)
  }
}
