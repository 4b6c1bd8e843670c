import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as SurrogateEscape from "../src/SurrogateEscape.js"
import * as Arbitrary from "./arbitraries.js"

const decode = (...bytes: ReadonlyArray<number>): string => SurrogateEscape.decode(Uint8Array.from(bytes))

const roundTrip = (bytes: Uint8Array): Uint8Array => SurrogateEscape.encode(SurrogateEscape.decode(bytes))

/** What Node's own decoder makes of the bytes; `undefined` when they are not UTF-8. */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const decodeStrictly = (bytes: Uint8Array): string | undefined => {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** True when `decode` does what it must for these bytes; cheaper than an assertion, for the exhaustive tests. */
const isRight = (bytes: Uint8Array): boolean => {
  const expected = decodeStrictly(bytes)
  const text = SurrogateEscape.decode(bytes)
  return Buffer.compare(SurrogateEscape.encode(text), bytes) === 0
    && (expected === undefined ? SurrogateEscape.hasEscapes(text) : text === expected)
}

describe("decode", () => {
  // Each as `bytes.decode("utf-8", "surrogateescape")` of Python 3 has it.
  it.each<[string, ReadonlyArray<number>, string]>([
    ["nothing", [], ""],
    ["ASCII", [0x41, 0x7f], "A\u007f"],
    ["a NUL", [0x00], "\0"],
    ["two bytes", [0xc3, 0xa9], "é"],
    ["three bytes", [0xe2, 0x82, 0xac], "€"],
    ["four bytes", [0xf0, 0x9f, 0x98, 0x80], "😀"],
    ["a byte order mark, which stays", [0xef, 0xbb, 0xbf, 0x41], "\ufeffA"],
    ["a byte that begins nothing", [0xff], "\udcff"],
    ["a continuation byte alone", [0x80], "\udc80"],
    ["a lead byte before ASCII", [0xc3, 0x28], "\udcc3("],
    ["a lead byte before another", [0xc3, 0xc3, 0xa9], "\udcc3é"],
    ["two bytes of three", [0xe2, 0x82], "\udce2\udc82"],
    ["two bytes of three before ASCII", [0xe2, 0x82, 0x41], "\udce2\udc82A"],
    ["three bytes of four", [0xf0, 0x9f, 0x98], "\udcf0\udc9f\udc98"],
    ["U+002F, overlong in two", [0xc0, 0xaf], "\udcc0\udcaf"],
    ["U+007F, overlong in two", [0xc1, 0xbf], "\udcc1\udcbf"],
    ["U+07FF, overlong in three", [0xe0, 0x9f, 0xbf], "\udce0\udc9f\udcbf"],
    ["U+FFFF, overlong in four", [0xf0, 0x8f, 0xbf, 0xbf], "\udcf0\udc8f\udcbf\udcbf"],
    ["U+D800, the first surrogate", [0xed, 0xa0, 0x80], "\udced\udca0\udc80"],
    ["U+DFFF, the last surrogate", [0xed, 0xbf, 0xbf], "\udced\udcbf\udcbf"],
    ["U+D7FF, just below them", [0xed, 0x9f, 0xbf], "\ud7ff"],
    ["U+E000, just above them", [0xee, 0x80, 0x80], "\ue000"],
    ["U+10FFFF, the last of all", [0xf4, 0x8f, 0xbf, 0xbf], "\u{10ffff}"],
    ["U+110000", [0xf4, 0x90, 0x80, 0x80], "\udcf4\udc90\udc80\udc80"],
    ["five bytes", [0xf8, 0x88, 0x80, 0x80, 0x80], "\udcf8\udc88\udc80\udc80\udc80"]
  ])("agrees with Python on %s", (_, bytes, text) => {
    expect(decode(...bytes)).toBe(text)
    expect(SurrogateEscape.encode(text)).toStrictEqual(Uint8Array.from(bytes))
  })

  it("is undone by encode, and agrees with TextDecoder, for all sequences of one and of two bytes", () => {
    const wrong: Array<ReadonlyArray<number>> = []
    for (let first = 0; first < 256; first++) {
      if (!isRight(Uint8Array.of(first))) wrong.push([first])
      for (let second = 0; second < 256; second++) {
        if (!isRight(Uint8Array.of(first, second))) wrong.push([first, second])
      }
    }
    expect(wrong).toStrictEqual([])
  })

  it("is undone by encode, and agrees with TextDecoder, on both sides of every boundary of three and four bytes", () => {
    // Each range of RFC 3629 begins or ends at one of these; the neighbours are outside.
    const leads = [
      0x7f,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xe1,
      0xec,
      0xed,
      0xee,
      0xef,
      0xf0,
      0xf1,
      0xf3,
      0xf4,
      0xf5,
      0xff
    ]
    const seconds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
    const others = [0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xe2]
    const wrong: Array<ReadonlyArray<number>> = []
    for (const first of leads) {
      for (const second of seconds) {
        for (const third of others) {
          if (!isRight(Uint8Array.of(first, second, third))) wrong.push([first, second, third])
          for (const fourth of others) {
            if (!isRight(Uint8Array.of(first, second, third, fourth))) {
              wrong.push([first, second, third, fourth])
            }
          }
        }
      }
    }
    expect(wrong).toStrictEqual([])
  })

  it("is undone by encode for any bytes", () => {
    fc.assert(
      fc.property(Arbitrary.bytes, (bytes) => {
        expect(roundTrip(bytes)).toStrictEqual(bytes)
      }),
      { numRuns: 2000 }
    )
  })

  it("agrees with TextDecoder on any UTF-8", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      const bytes = new TextEncoder().encode(text)
      expect(SurrogateEscape.decode(bytes)).toBe(text)
      expect(SurrogateEscape.encode(text)).toStrictEqual(bytes)
    }))
  })

  it("keeps sequences whole that lie across the pieces it works in", () => {
    for (const padding of [8189, 8190, 8191, 8192, 8193]) {
      const text = `${"x".repeat(padding)}é€😀\udcff😀`
      expect(SurrogateEscape.decode(SurrogateEscape.encode(text))).toBe(text)
    }
  })

  it("takes megabytes", () => {
    const bytes = new Uint8Array(4 * 1024 * 1024).fill(0xff)
    expect(SurrogateEscape.decode(bytes)).toBe("\udcff".repeat(bytes.length))
  })
})

describe("hasEscapes", () => {
  it.each([
    ["", false],
    ["é€😀", false],
    ["\ud83d\ude00", false],
    ["a\udc80", true],
    ["\udcff😀", true]
  ])("%j: %s", (text, expected) => expect(SurrogateEscape.hasEscapes(text)).toBe(expected))
})

describe("isEncodable", () => {
  /** Every surrogate on its own; only those that stand for a byte of 80..FF encode. */
  it("refuses exactly the lone surrogates that stand for no byte", () => {
    const refused = Array.from({ length: 0x800 }, (_, index) => 0xd800 + index)
      .filter((unit) => !SurrogateEscape.isEncodable(String.fromCharCode(unit)))
    const expected = Array.from({ length: 0x800 }, (_, index) => 0xd800 + index)
      .filter((unit) => unit < 0xdc80 || unit > 0xdcff)
    expect(refused).toStrictEqual(expected)
  })

  it.each([
    ["a pair", "\ud800\udc80", true],
    ["a high surrogate before a pair", "\ud800\ud800\udc80", false],
    ["a high surrogate at the end", "a\ud800", false],
    ["an escape of ASCII, which is not escaped", "\udc41", false]
  ])("%s", (_, text, expected) => expect(SurrogateEscape.isEncodable(text)).toBe(expected))

  it("is what encode needs: it throws for all other text", () => {
    const encodes = (text: string): boolean => {
      try {
        return SurrogateEscape.encode(text).length > 0
      } catch {
        return false
      }
    }
    fc.assert(fc.property(fc.array(fc.integer({ min: 0xd700, max: 0xe0ff }), { maxLength: 4 }), (units) => {
      const text = String.fromCharCode(0x61, ...units)
      expect(encodes(text)).toBe(SurrogateEscape.isEncodable(text))
    }))
  })
})

describe("encode", () => {
  it("does not show the text that it refuses", () => {
    expect(() => SurrogateEscape.encode("secret\ud800")).toThrow(
      new RangeError("text with a lone surrogate that stands for no byte")
    )
  })
})
