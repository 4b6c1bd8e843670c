/**
 * Labels in front of lines.
 */
import { LineLabeler } from "@chroot-exec/runner/LineLabeler"
import { expect, it } from "@effect/vitest"
import * as fc from "fast-check"

const MICROS = Date.UTC(2026, 10, 24, 20, 15, 24, 123) * 1000 + 456

const MEBIBYTE = 1024 * 1024

/** All that is made of some bytes, none of it too large. */
const labelAll = (labeler: LineLabeler, bytes: Uint8Array, micros: number): ReadonlyArray<Uint8Array> => {
  const made: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const labelled = labeler.label(bytes.subarray(at), micros)
    expect(labelled.taken).toBeGreaterThan(0)
    expect(labelled.bytes.buffer.byteLength).toBeLessThanOrEqual(MEBIBYTE)
    made.push(Uint8Array.from(labelled.bytes))
    at += labelled.taken
  }
  return made
}

const label = (pieces: ReadonlyArray<Uint8Array | string>, times: ReadonlyArray<number> = []): Buffer => {
  const labeler = new LineLabeler("[out]")
  return Buffer.concat(
    pieces.flatMap((piece, index) => labelAll(labeler, Buffer.from(piece), times[index] ?? MICROS))
  )
}

const PREFIX = "[out]2026-11-24T20:15:24.123456 "

it("labels each line with the time of its first byte", () => {
  expect(label(["a\nb", "c\n", "d"], [MICROS, MICROS + 1, MICROS + 2]).toString()).toBe(
    `${PREFIX}a\n${PREFIX}bc\n[out]2026-11-24T20:15:24.123458 d`
  )
})

it("writes no label where no line has begun", () => {
  expect(label([]).toString()).toBe("")
  expect(label([""]).toString()).toBe("")
  expect(label(["a\n"]).toString()).toBe(`${PREFIX}a\n`)
  expect(label(["a\n", ""]).toString()).toBe(`${PREFIX}a\n`)
  expect(label(["\n\n"]).toString()).toBe(`${PREFIX}\n${PREFIX}\n`)
})

it("labels standard error", () => {
  const { bytes, taken } = new LineLabeler("[err]").label(Buffer.from("x"), MICROS)
  expect([Buffer.from(bytes).toString(), taken]).toEqual(["[err]2026-11-24T20:15:24.123456 x", 1])
})

it("makes nothing of no bytes", () => {
  const { bytes, taken } = new LineLabeler("[out]").label(new Uint8Array(), MICROS)
  expect([bytes.length, taken]).toEqual([0, 0])
})

it("keeps what it returned while the next bytes are labelled", () => {
  const labeler = new LineLabeler("[out]")
  const first = labeler.label(Buffer.from("one\n"), MICROS).bytes
  labeler.label(Buffer.from("two\n"), MICROS)
  expect(Buffer.from(first).toString()).toBe(`${PREFIX}one\n`)
})

it("makes no more than a mebibyte at once of many short lines, or of a long one", () => {
  const newlines = new Uint8Array(100_000).fill(10)
  expect(label([newlines]).toString()).toBe(`${PREFIX}\n`.repeat(newlines.length))
  const long = new Uint8Array(2 * MEBIBYTE).fill(0x61)
  expect(label([long]).equals(Buffer.concat([Buffer.from(PREFIX), long]))).toBe(true)
  for (let short = 0; short < 40; short++) {
    const full = new Uint8Array(MEBIBYTE - short).fill(0x61)
    expect(
      label([full, "\nb"]).equals(Buffer.concat([Buffer.from(PREFIX), full, Buffer.from(`\n${PREFIX}b`)]))
    )
      .toBe(true)
  }
})

it("labels the line after one that ends near a mebibyte, wherever that is", () => {
  // Up to where not even the next line's label has room any more.
  for (let missing = 0; missing < 2 * PREFIX.length + 4; missing++) {
    const line = Buffer.concat([Buffer.alloc(MEBIBYTE - missing, "a"), Buffer.from("\n")])
    const labelled = label([Buffer.concat([line, Buffer.from("b\n\nc")])])
    const expected = [PREFIX, line, PREFIX, "b\n", PREFIX, "\n", PREFIX, "c"].map((part) => Buffer.from(part))
    expect([missing, labelled.equals(Buffer.concat(expected))]).toStrictEqual([missing, true])
  }
})

/** What the labels were put in front of. */
const strip = (labelled: Buffer): Buffer =>
  Buffer.from(
    labelled.toString("latin1").replaceAll(new RegExp(`(?<=^|\n)${PREFIX.replace("[", "\\[")}`, "g"), ""),
    "latin1"
  )

const pieces = fc.array(
  fc.array(fc.oneof(fc.constant(10), fc.integer({ min: 0, max: 255 })), { maxLength: 40 }).map((bytes) =>
    Uint8Array.from(bytes)
  ),
  { maxLength: 12 }
)

it("passes all bytes through, wherever they are cut", () => {
  fc.assert(
    fc.property(pieces, (chunks) => {
      const whole = Buffer.concat(chunks)
      expect(label(chunks)).toEqual(label([whole]))
      expect(strip(label(chunks))).toEqual(whole)
    }),
    { numRuns: 2000 }
  )
})

it("passes lines of every length through, which are not all copied in the same way", () => {
  const line = fc.integer({ min: 0, max: 1100 }).map((length) =>
    Uint8Array.from({ length: length + 1 }, (_, index) => index === length ? 10 : 0x20 + index % 0x5F)
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.nat({ max: 3000 }), (lines, cut) => {
      const whole = Buffer.concat(lines)
      const labelled = label([whole.subarray(0, cut), whole.subarray(cut)])
      expect(labelled).toEqual(Buffer.concat(lines.flatMap((bytes) => [Buffer.from(PREFIX), bytes])))
    }),
    { numRuns: 500 }
  )
})
