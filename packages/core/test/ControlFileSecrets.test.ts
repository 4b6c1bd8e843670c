import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import fc from "fast-check"
import { decodeControlFile } from "../src/ControlFile.js"

/** In every value; no message may hold it. */
const MARKER = "s3cr3t"

const message = (text: string): string =>
  Either.match(decodeControlFile(text, "c.json"), {
    onLeft: (error) => `${error.message} ${JSON.stringify(error)} ${String(error)}`,
    onRight: () => ""
  })

/** Text with the marker in it, spoilt in every way that the decoder has a problem for. */
const secret = fc.constantFrom(
  MARKER,
  `${MARKER}\0`,
  `\0${MARKER}`,
  `${MARKER}\ud800`,
  `/${MARKER}\udc00`,
  `\n${MARKER}\n`,
  `A=${MARKER}`
)

/** Names may be shown, but not what stands behind a `=` in one. */
const name = fc.oneof(
  fc.constantFrom("A", "", "cmd", "__proto__", "a b", "\0", "\ud800", "\n", "\u001b[31m"),
  fc.tuple(fc.constantFrom("A", "", "a\nb", "\0", "\ud800"), secret).map(([name, secret]) =>
    `${name}=${secret}`
  )
)

/** JSON text, written out by hand so that objects can have `__proto__` and duplicate keys. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    secret.map((text) => JSON.stringify(text)),
    fc.constantFrom("null", "true", "1", "-0.5e3", "[]", "{}"),
    fc.array(tie("json"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
    fc.array(fc.tuple(name, tie("json")), { maxLength: 4 })
      .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`)
  )
}))

const controlFile = fc.record({
  cmd: fc.oneof(fc.constant("[\"s\"]"), json),
  no_chmod: fc.oneof(fc.constant("false"), json),
  env: fc.oneof(fc.constant("{}"), json),
  copy_dir: fc.oneof(fc.constant("\"/\""), json)
}).map((fields) => `{${Object.entries(fields).map(([name, value]) => `"${name}":${value}`).join(",")}}`)

describe("no message of ControlFileInvalid", () => {
  it("holds a value, whatever the JSON", () => {
    fc.assert(
      fc.property(fc.oneof(controlFile, json), (text) => {
        expect(message(text)).not.toContain(MARKER)
      }),
      { numRuns: 2000 }
    )
  })

  it("holds a value, wherever the text is cut or spoilt so that it is no JSON", () => {
    const spoilt = fc.tuple(
      controlFile,
      fc.nat(),
      fc.constantFrom("", "x", "'", "\"", "]", "\\", "\ufeff")
    )
    fc.assert(
      fc.property(spoilt, fc.boolean(), ([text, at, garbage], cut) => {
        const position = at % (text.length + 1)
        expect(message(text.slice(0, position) + garbage + (cut ? "" : text.slice(position)))).not.toContain(
          MARKER
        )
      }),
      { numRuns: 2000 }
    )
  })

  it("is without the name it refuses, when that holds a value", () => {
    expect(message(`{"env":{"${MARKER}":1}}`)).toContain(`env.${MARKER} `)
    expect(message(`{"env":{"A=${MARKER}":1}}`)).toContain("env[\"A=...\"] ")
    expect(message(`{"env":{"A=${MARKER}":1}}`)).not.toContain(MARKER)
  })
})

describe("a control character in a name", () => {
  const raw = (codes: ReadonlyArray<number>): ReadonlyArray<number> =>
    codes.filter((code) => {
      const character = String.fromCharCode(code)
      const shown = decodeControlFile(JSON.stringify({ env: { [`a${character}b`]: 1 } }), "c.json")
      return Either.isRight(shown) || shown.left.message.includes(character)
    })

  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index)

  it("is never shown raw", () => {
    expect(raw(range(0x00, 0x1f))).toStrictEqual([])
  })

  /** U+009B begins a terminal's control sequence, as ESC [ does. */
  it("is never shown raw, nor is DEL or one of the second set", () => {
    expect(raw(range(0x7f, 0x9f))).toStrictEqual([])
  })
})
