/**
 * The framing of output: whatever the pieces and wherever the bytes are cut, the streams come out exactly.
 */
import * as Demultiplexer from "@chroot-exec/sandbox/Demultiplexer"
import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"

const frame = ({ bytes, stream }: Demultiplexer.Piece): Buffer => {
  const header = Buffer.alloc(8)
  header[0] = stream === "stdout" ? 1 : 2
  header.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([header, bytes])
}

/** Decodes chunk by chunk and joins what belongs to a stream. */
const decodeAll = (chunks: ReadonlyArray<Uint8Array>) => {
  let state = Demultiplexer.initial
  const pieces: Array<Demultiplexer.Piece> = []
  for (const chunk of chunks) {
    const decoded = Demultiplexer.decode(state, chunk)
    if (decoded === undefined) return undefined
    state = decoded.state
    pieces.push(...decoded.pieces)
  }
  return { state, pieces }
}

const only = (pieces: ReadonlyArray<Demultiplexer.Piece>, stream: Demultiplexer.Piece["stream"]) =>
  Buffer.concat(pieces.filter((piece) => piece.stream === stream).map(({ bytes }) => bytes)).toString("hex")

const pieces = fc.array(fc.record({
  stream: fc.constantFrom<Demultiplexer.Piece["stream"]>("stdout", "stderr"),
  bytes: fc.uint8Array({ maxLength: 40 })
}))

describe("frames", () => {
  it.prop("are decoded wherever they are cut", [pieces, fc.array(fc.nat())], ([written, cuts]) => {
    const bytes = Buffer.concat(written.map(frame))
    const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
    const decoded = decodeAll(edges.slice(1).map((end, index) => bytes.subarray(edges[index], end)))
    expect(decoded?.state).toStrictEqual({ ...Demultiplexer.initial, stream: decoded?.state.stream })
    expect(only(decoded?.pieces ?? [], "stdout")).toBe(only(written, "stdout"))
    expect(only(decoded?.pieces ?? [], "stderr")).toBe(only(written, "stderr"))
    expect(Buffer.concat((decoded?.pieces ?? []).map((piece) => piece.bytes)))
      .toStrictEqual(Buffer.concat(written.map((piece) => piece.bytes)))
  })

  const bytes = Buffer.concat([
    frame({ stream: "stdout", bytes: Buffer.from("a\xff\xfe", "latin1") }),
    frame({ stream: "stderr", bytes: Buffer.from("") }),
    frame({ stream: "stderr", bytes: Buffer.from("b") })
  ])

  it.each(Array.from({ length: bytes.length + 1 }, (_, offset) => offset))(
    "cut in two at byte %i",
    (offset) => {
      const decoded = decodeAll([bytes.subarray(0, offset), bytes.subarray(offset)])
      expect(only(decoded?.pieces ?? [], "stdout")).toBe("61fffe")
      expect(only(decoded?.pieces ?? [], "stderr")).toBe("62")
    }
  )

  it.each([3, 8, 9, 20])("the first %i bytes are not the whole", (length) => {
    const decoded = decodeAll([bytes.subarray(0, length)])
    expect(decoded === undefined || Demultiplexer.isComplete(decoded.state)).toBe(false)
  })

  it("a frame of 4 GiB is told by its header, and nothing of it is kept", () => {
    const decoded = decodeAll([Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]), Buffer.from("x")])
    expect(decoded?.state).toStrictEqual({ header: new Uint8Array(), stream: "stdout", rest: 2 ** 32 - 2 })
  })

  it.each([
    ["a terminal's output", Buffer.from("plain text\n")],
    ["an unknown stream", Buffer.from([4, 0, 0, 0, 0, 0, 0, 1, 97])],
    ["no padding", Buffer.from([1, 0, 0, 1, 0, 0, 0, 1, 97])]
  ])("%s is refused", (_, notFrames) => {
    expect(decodeAll([notFrames])).toBeUndefined()
  })
})
