/**
 * Labels in front of lines.
 */
import { LineLabeler } from "@chroot-exec/runner/LineLabeler"
import { expect, it } from "@effect/vitest"
import * as fc from "fast-check"

const MICROS = Date.UTC(2026, 10, 24, 20, 15, 24, 123) * 1000 + 456

const label = (pieces: ReadonlyArray<Uint8Array | string>, times: ReadonlyArray<number> = []): Buffer => {
  const labeler = new LineLabeler("[out]")
  return Buffer.concat(
    pieces.map((piece, index) => Uint8Array.from(labeler.label(Buffer.from(piece), times[index] ?? MICROS)))
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
  expect(Buffer.from(new LineLabeler("[err]").label(Buffer.from("x"), MICROS)).toString()).toBe(
    "[err]2026-11-24T20:15:24.123456 x"
  )
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
