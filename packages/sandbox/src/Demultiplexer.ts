/**
 * The framing of a container's output without a terminal: the stream's number, three zero bytes, the length of what
 * follows as four bytes, most significant first (Engine API, "Stream format" of ContainerAttach). Pure.
 *
 * @since 0.1.0
 */

/**
 * A piece of one of the two output streams. The bytes are a view of what was decoded.
 *
 * @since 0.1.0
 * @category models
 */
export interface Piece {
  readonly stream: "stdout" | "stderr"
  readonly bytes: Uint8Array
}

/**
 * Where decoding stands: within a header, of which `header` has been seen, or within a frame of which `rest` bytes are
 * to come. Nothing of a frame's content is ever kept, so that a frame of any length takes no memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly header: Uint8Array
  readonly stream: Piece["stream"]
  readonly rest: number
}

/**
 * Before the first byte.
 *
 * @since 0.1.0
 * @category constants
 */
export const initial: State = { header: new Uint8Array(), stream: "stdout", rest: 0 }

/**
 * The end of the bytes is the end of a frame: otherwise something was lost.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isComplete = ({ header, rest }: State): boolean => header.length === 0 && rest === 0

const HEADER = 8

/** 0 is standard input, which a daemon may echo; 3 is an error of the daemon's. Neither is sent to us. */
const streams: Readonly<Record<number, Piece["stream"]>> = { 0: "stdout", 1: "stdout", 2: "stderr" }

const concat = (one: Uint8Array, other: Uint8Array): Uint8Array => {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

/** The frame that a whole header announces; undefined when it is none. */
const announced = (header: Uint8Array): State | undefined => {
  const stream = streams[header[0] ?? -1]
  if (stream === undefined || header[1] !== 0 || header[2] !== 0 || header[3] !== 0) return undefined
  const rest = new DataView(header.buffer, header.byteOffset, HEADER).getUint32(4)
  return { header: new Uint8Array(), stream, rest }
}

/**
 * Decodes the next bytes. Returns the pieces in them, none of them empty, and where that leaves the decoding; nothing
 * when the bytes are not framed that way.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (
  state: State,
  bytes: Uint8Array
): { readonly state: State; readonly pieces: ReadonlyArray<Piece> } | undefined => {
  const pieces: Array<Piece> = []
  let current = state
  for (let offset = 0; offset < bytes.length;) {
    if (current.rest > 0) {
      const piece = bytes.subarray(offset, offset + current.rest)
      pieces.push({ stream: current.stream, bytes: piece })
      offset += piece.length
      current = { header: current.header, stream: current.stream, rest: current.rest - piece.length }
      continue
    }
    const part = bytes.subarray(offset, offset + HEADER - current.header.length)
    const header = concat(current.header, part)
    offset += part.length
    const next = header.length < HEADER ? { header, stream: current.stream, rest: 0 } : announced(header)
    if (next === undefined) return undefined
    current = next
  }
  return { state: current, pieces }
}
