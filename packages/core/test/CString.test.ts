import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import * as CString from "../src/CString.js"
import * as SurrogateEscape from "../src/SurrogateEscape.js"
import * as Arbitrary from "./arbitraries.js"

describe("CString", () => {
  const isCString = Schema.is(CString.CString)

  it("is any bytes without a NUL", () => {
    fc.assert(fc.property(Arbitrary.bytesWithoutNul, (bytes) => {
      expect(isCString(SurrogateEscape.decode(bytes))).toBe(true)
    }))
  })

  it("is text that becomes bytes without a NUL, and no other text", () => {
    const becomesBytes = (text: string): boolean => {
      try {
        return !SurrogateEscape.encode(text).includes(0)
      } catch {
        return false
      }
    }
    const unit = fc.oneof(
      fc.constantFrom(0, 0xd800, 0xdc00, 0xdc80, 0xdcff),
      fc.integer({ min: 0, max: 0xffff })
    )
    fc.assert(fc.property(fc.array(unit, { maxLength: 3 }), (units) => {
      const text = String.fromCharCode(...units)
      expect(isCString(text)).toBe(becomesBytes(text))
    }))
  })

  it.each(["\0", "a\0", "a\0b", "\ud800", "\udfff", "\udc7f"])("make dies of %j", (text) => {
    expect(() => CString.make(text)).toThrow(
      new RangeError("text with a NUL or a lone surrogate where the kernel takes bytes")
    )
  })
})

describe("AbsolutePath", () => {
  const decode = Schema.decodeUnknownEither(CString.AbsolutePath)

  it("is a CString that begins with a slash", () => {
    fc.assert(fc.property(Arbitrary.text, (text) => {
      expect(decode(`/${text}`)).toStrictEqual(Either.right(`/${text}`))
      expect(Either.isRight(decode(text))).toBe(text.startsWith("/"))
    }))
  })

  it.each(["/\0", "/\ud800"])("refuses %j", (path) => {
    expect(Either.isLeft(decode(path))).toBe(true)
  })
})
