/**
 * Lines out of pieces of bytes.
 */

export interface TimedLine {
  /** When its first byte came. */
  readonly time: number
  /** Without the newline. */
  readonly bytes: Uint8Array
}

const NEWLINE = 10

/** A line without end would be kept whole. */
const LONGEST = 1024 * 1024

/** Keeps the beginning of a line until its end has come. */
export class LineSplitter {
  #parts: Array<Uint8Array> = []
  #length = 0
  #time = 0

  #take(): TimedLine {
    const line = { time: this.#time, bytes: new Uint8Array(Buffer.concat(this.#parts)) }
    this.#parts = []
    this.#length = 0
    return line
  }

  #keep(bytes: Uint8Array, now: number): void {
    if (this.#parts.length === 0) this.#time = now
    this.#parts.push(bytes)
    this.#length += bytes.length
  }

  /** The lines that these bytes complete. The bytes are kept. */
  push(bytes: Uint8Array, now: number): ReadonlyArray<TimedLine> {
    const lines: Array<TimedLine> = []
    for (let at = 0; at < bytes.length;) {
      const room = at + LONGEST - this.#length
      const newline = bytes.indexOf(NEWLINE, at)
      const end = newline === -1 ? bytes.length : newline
      if (end > room) {
        this.#keep(bytes.subarray(at, room), now)
        lines.push(this.#take())
        at = room
        continue
      }
      this.#keep(bytes.subarray(at, end), now)
      if (newline === -1) break
      lines.push(this.#take())
      at = newline + 1
    }
    return lines
  }

  /** A last line without a newline. */
  end(): ReadonlyArray<TimedLine> {
    return this.#length === 0 ? [] : [this.#take()]
  }
}
