import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { decodeControlFile } from "../src/ControlFile.js"

const STEP = `{"cmd":["s"],"no_chmod":false,"env":{},"copy_dir":"/"}`

const message = (content: string | Uint8Array): string =>
  Either.match(decodeControlFile(content, "c.json"), {
    onLeft: (error) => error.message,
    onRight: () => "decoded"
  })

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

describe("a control file that is not JSON", () => {
  it.each([
    ["an unfinished object", "{", 1, 2],
    ["a trailing comma", "{\"cmd\":[],}", 1, 11],
    ["a key without quotes", "{\n  cmd: []\n}", 2, 3],
    ["a missing colon", "{\n\n  \"cmd\" []}", 3, 9],
    ["trailing garbage", `${STEP}x`, 1, STEP.length + 1],
    ["a second object", `${STEP}\n\n ${STEP}`, 3, 2],
    ["a newline in a string", "{\"cmd\":\"a\nb\"}", 1, 10],
    ["an unknown escape", "{\"cmd\":\"\\q\"}", 1, 10],
    ["a half escape", "{\n\"cmd\":\"\\u12\"}", 2, 12],
    ["an unfinished string", "[\"abc", 1, 6],
    ["a column after characters of two units", "{\"😀\" 1}", 1, 7]
  ])("is refused with line and column: %s", (_, text, line, column) => {
    const expected = `control file "c.json": is not valid JSON at line ${line}, column ${column}`
    expect(message(text)).toBe(expected)
    expect(message(utf8(text))).toBe(expected)
  })

  // For these V8 says no position, only quotes the text.
  it.each([
    ["nothing", ""],
    ["white space", " \n\t"],
    ["an unfinished list", "{\"cmd\":["],
    ["a word", "no"],
    ["NaN", `{"cmd":NaN}`],
    ["a comment", `// step\n${STEP}`],
    ["single quotes", "{\"cmd\":'s'}"]
  ])("is refused: %s", (_, text) => {
    expect(message(text)).toMatch(/^control file "c\.json": is not valid JSON(?: at line 1, column \d+)?$/)
    expect(message(utf8(text))).toBe(message(text))
  })

  it("is refused: a byte order mark, which nobody sees", () => {
    const expected = `control file "c.json": begins with a byte order mark, which JSON does not have`
    expect(message(`\ufeff${STEP}`)).toBe(expected)
    expect(message(utf8(`\ufeff${STEP}`))).toBe(expected)
  })

  // Where V8 says no position, it quotes the text.
  it("is refused without a position that only its text has", () => {
    expect(message("at position 7")).toBe("control file \"c.json\": is not valid JSON")
  })
})

describe("a control file that is not UTF-8", () => {
  it.each([
    ["a stray byte", [0xff]],
    ["Latin-1", [0xe9]],
    ["a surrogate", [0xed, 0xb3, 0xbf]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a sequence cut short", [0xe2, 0x82]]
  ])("is refused, even where nothing reads it: %s", (_, bytes) => {
    const content = Buffer.concat([
      utf8("{\"x\":\""),
      Uint8Array.from(bytes),
      utf8("\","),
      utf8(STEP.slice(1))
    ])
    expect(message(content)).toBe("control file \"c.json\": is not UTF-8")
  })

  it("is refused as UTF-16", () => {
    expect(message(Uint8Array.from(Buffer.from(`\ufeff${STEP}`, "utf16le")))).toBe(
      "control file \"c.json\": is not UTF-8"
    )
  })
})

describe("JSON that is no object", () => {
  it.each([
    ["[]", "a list"],
    [`[${STEP}]`, "a list"],
    ["\"local\"", "a string"],
    ["0", "a number"],
    ["true", "a boolean"],
    ["null", "null"]
  ])("is refused: %s", (text, kind) => {
    expect(message(text)).toBe(`control file "c.json": must be an object, not ${kind}`)
  })
})

describe("the name of a control file", () => {
  it("keeps its message on one line, whatever the name", () => {
    const refused = decodeControlFile("{", "a\nb\u001b.json")
    expect(Either.isLeft(refused) && /[\0-\u001f]/.test(refused.left.message)).toBe(false)
  })
})
