/**
 * What is kept of a container's output: everything up to a limit, in the order in which it arrived.
 *
 * @since 0.1.0
 */
import type { Piece } from "./Demultiplexer.js"

/**
 * - `log`: both streams, interleaved as they arrived;
 * - `boundaries`: where in `log` the stream changes. It begins with standard output, if with none of it;
 * - `truncated`: there was more than the limit. The first bytes are kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Output {
  readonly log: Uint8Array
  readonly boundaries: Uint32Array
  readonly truncated: boolean
}

/**
 * No output.
 *
 * @since 0.1.0
 * @category constants
 */
export const empty: Output = { log: new Uint8Array(), boundaries: new Uint32Array(), truncated: false }

/** The parts of one stream: every other one. */
const parts = ({ boundaries, log }: Output, stream: Piece["stream"]): ReadonlyArray<Uint8Array> => {
  const edges = [0, ...boundaries, log.length]
  const first = stream === "stdout" ? 0 : 1
  return edges.slice(0, -1).flatMap((start, index) =>
    index % 2 === first ? [log.subarray(start, edges[index + 1])] : []
  )
}

/**
 * One stream.
 *
 * @since 0.1.0
 * @category accessors
 */
export const only = (output: Output, stream: Piece["stream"]): Uint8Array => {
  const all = parts(output, stream)
  const joined = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0))
  all.reduce((offset, part) => {
    joined.set(part, offset)
    return offset + part.length
  }, 0)
  return joined
}

/** The array, or a longer copy of it that has room for `length`. */
const grown = <A extends Uint8Array | Uint32Array>(
  array: A,
  length: number,
  make: (length: number) => A
): A => {
  if (length <= array.length) return array
  const longer = make(Math.max(length, 2 * array.length))
  longer.set(array)
  return longer
}

/**
 * Collects output. It takes memory for at most `limit` bytes and, when a command changes the stream with every byte, four
 * times that for the changes. What is added is copied: it may be a view of a buffer that is used again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const collector = (limit: number) => {
  let log = new Uint8Array(0)
  let size = 0
  let boundaries = new Uint32Array(0)
  let changes = 0
  let stream: Piece["stream"] = "stdout"
  let truncated = false

  const keep = (piece: Piece, bytes: Uint8Array): void => {
    if (piece.stream !== stream) {
      boundaries = grown(boundaries, changes + 1, (length) => new Uint32Array(length))
      boundaries[changes++] = size
      stream = piece.stream
    }
    log = grown(log, size + bytes.length, (length) => new Uint8Array(Math.min(length, limit)))
    log.set(bytes, size)
    size += bytes.length
  }

  return {
    /** Takes a piece, and returns what is kept of it: what is beyond the limit is dropped. */
    add: (piece: Piece): Piece => {
      const bytes = piece.bytes.subarray(0, limit - size)
      truncated ||= bytes.length < piece.bytes.length
      if (bytes.length > 0) keep(piece, bytes)
      return { stream: piece.stream, bytes }
    },
    /** What was collected so far. */
    output: (): Output => ({
      log: log.subarray(0, size),
      boundaries: boundaries.subarray(0, changes),
      truncated
    })
  }
}
