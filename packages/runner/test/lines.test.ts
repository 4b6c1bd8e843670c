/**
 * Lines out of pieces of bytes, also of more than are kept.
 */
import { expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { LineSplitter } from "../src/internal/lines.js"

const LONGEST = 1024 * 1024

/** The lines of these pieces, of which each comes a millisecond after the one before it. */
const split = (pieces: ReadonlyArray<Uint8Array | string>) => {
  const splitter = new LineSplitter()
  const lines = pieces.flatMap((piece, now) => splitter.push(Buffer.from(piece), now))
  return [...lines, ...splitter.end()]
}

const texts = (pieces: ReadonlyArray<Uint8Array | string>) =>
  split(pieces).map(({ bytes }) => Buffer.from(bytes).toString("latin1"))

it("has the time of its first byte", () => {
  expect(
    split(["a", "b\nc\n", "", "d", "\n", "\n"]).map(({ bytes, time }) => [String(Buffer.from(bytes)), time])
  )
    .toStrictEqual([["ab", 0], ["c", 1], ["d", 3], ["", 5]])
})

it("needs no newline at the end, and is none after the last one", () => {
  expect(texts([])).toStrictEqual([])
  expect(texts(["", "a"])).toStrictEqual(["a"])
  expect(texts(["a\n"])).toStrictEqual(["a"])
  expect(texts(["a\n\n"])).toStrictEqual(["a", ""])
})

it("is as long as it is, wherever it is cut", () => {
  const lines = fc.array(fc.string({ unit: fc.constantFrom("a", "\n", "\xff") }), { maxLength: 12 })
  fc.assert(fc.property(lines, (pieces) => {
    const whole = pieces.join("").split("\n")
    const last = whole.pop() ?? ""
    expect(texts(pieces.map((piece) => Buffer.from(piece, "latin1")))).toStrictEqual([
      ...whole,
      ...last === "" ? [] : [last]
    ])
  }))
})

it("comes in pieces of a mebibyte when it is longer", () => {
  for (const length of [LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST, 2 * LONGEST + 1]) {
    const line = Buffer.alloc(length, "abc")
    const whole = Buffer.concat([line, Buffer.from("\nnext\n")])
    const expected = [
      ...Array.from(
        { length: Math.ceil(length / LONGEST) },
        (_, index) => line.subarray(index * LONGEST).subarray(0, LONGEST)
      ),
      Buffer.from("next")
    ]
    for (const cut of [0, 1, LONGEST - 1, LONGEST, LONGEST + 1, length, length + 1]) {
      const lines = split([whole.subarray(0, cut), whole.subarray(cut)]).map(({ bytes }) => bytes)
      expect([length, cut, lines.length]).toStrictEqual([length, cut, expected.length])
      expect([length, cut, expected.map((bytes, index) => bytes.equals(lines[index] ?? new Uint8Array()))])
        .toStrictEqual([length, cut, expected.map(() => true)])
    }
  }
})
