/**
 * What properties range over: bytes and texts that the kernel may hand us, and environments of them.
 */
import fc from "fast-check"
import type { Environment } from "../src/Environment.js"
import * as SurrogateEscape from "../src/SurrogateEscape.js"

/** UTF-8 and what only looks like it: overlong forms, surrogates, above U+10FFFF, cut short, stray bytes. */
const FRAGMENTS = [
  [0xc3, 0xa9],
  [0xc3],
  [0xc0, 0x80],
  [0xe2, 0x82, 0xac],
  [0xe2, 0x82],
  [0xe0, 0x9f, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbb, 0xbf],
  [0xf0, 0x9f, 0x98, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xff]
].map((bytes) => Uint8Array.from(bytes))

export const concat = (pieces: ReadonlyArray<Uint8Array>): Uint8Array =>
  Uint8Array.from(Buffer.concat(pieces))

/** Any bytes, so mixed that valid and invalid sequences meet. */
export const bytes: fc.Arbitrary<Uint8Array> = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.constantFrom(...FRAGMENTS),
    fc.string({ unit: "binary", maxLength: 4 }).map((text) => Uint8Array.from(Buffer.from(text)))
  ),
  { maxLength: 6 }
).map(concat)

/** Bytes as the kernel takes them in an argument or a value. */
export const bytesWithoutNul: fc.Arbitrary<Uint8Array> = bytes.map((all) => all.filter((byte) => byte !== 0))

/** Text for any bytes without a NUL, escapes included. */
export const text: fc.Arbitrary<string> = bytesWithoutNul.map(SurrogateEscape.decode)

/** A name of a captured environment: anything without `=`, the empty name too. */
export const name: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("PATH", "HOME", "A", "B", "1", "", "a\nb", "\udcff", "é"),
  fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "length"),
  bytesWithoutNul.map((all) => SurrogateEscape.decode(all.filter((byte) => byte !== 0x3d)))
)

export const value: fc.Arbitrary<string> = fc.oneof(text, fc.constantFrom("", "=", "x=y", "1\nB=2", "\n"))

/** A record with these own properties, whatever their names. */
export const record = (variables: Iterable<readonly [string, string]>): Environment =>
  Object.fromEntries(variables)

export const environment: fc.Arbitrary<Environment> = fc.uniqueArray(fc.tuple(name, value), {
  selector: ([name]) => name,
  maxLength: 8
}).map(record)
