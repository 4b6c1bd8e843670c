import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { ControlFileInvalid, decodeControlFile } from "../src/ControlFile.js"

const step = { cmd: ["/steps/s.sh", "argument"], no_chmod: false, env: { A: "1" }, copy_dir: "/work" }

/** The decoded control file, or what is wrong: each problem as `path problem`. */
const decode = (content: unknown): unknown =>
  Either.match(decodeControlFile(JSON.stringify(content), "c.json"), {
    onLeft: ({ problems }) => problems.map(({ path, problem }) => `${path} ${problem}`),
    onRight: (control) => control
  })

const STRING = "must be a string"
const BOOLEAN = "must be true or false"
const NUL = "must be text without a NUL"
const SURROGATE = "must be text that maps to bytes (no lone surrogate)"

/** What each kind of JSON value is called. */
const kinds: ReadonlyArray<[string, unknown]> = [
  ["null", null],
  ["a number", 5],
  ["a boolean", true],
  ["a string", "x"],
  ["a list", []],
  ["an object", {}]
]
const kindsBut = (...names: ReadonlyArray<string>) => kinds.filter(([name]) => !names.includes(name))

describe("decodeControlFile", () => {
  it("decodes a step", () => {
    expect(decode(step)).toStrictEqual(step)
  })

  it("decodes bytes as it does text, surrounding white space and escapes of JSON included", () => {
    const text = ` \n{"cmd":["/\\u00e9","\\udcff"],"no_chmod":true,"env":{},"copy_dir":"/é"}\r\n\t`
    const expected = Either.right({ cmd: ["/é", "\udcff"], no_chmod: true, env: {}, copy_dir: "/é" })
    expect(decodeControlFile(text)).toStrictEqual(expected)
    expect(decodeControlFile(new TextEncoder().encode(text))).toStrictEqual(expected)
  })

  it("keeps arguments as they are", () => {
    const cmd = ["s", "*", "$HOME", "a b", "", "-n", "\n", "--"]
    expect(decode({ ...step, cmd })).toStrictEqual({ ...step, cmd })
  })

  it("ignores keys that it does not know, however deep what they hold", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000)
    const text = `{"extra":${deep},"__proto__":{"cmd":1},"constructor":null,${JSON.stringify(step).slice(1)}`
    expect(decodeControlFile(text)).toStrictEqual(Either.right(step))
  })

  it("lets the last of duplicate keys count, as Python's json.load does", () => {
    const text = `{"cmd":["/no"],"cmd":["/yes"],"no_chmod":1,"no_chmod":true,"env":{"A":"1","A":"2"},`
      + `"copy_dir":"no","copy_dir":"/yes"}`
    expect(decodeControlFile(text)).toStrictEqual(
      Either.right({ cmd: ["/yes"], no_chmod: true, env: { A: "2" }, copy_dir: "/yes" })
    )
  })

  it("takes no field from a prototype", () => {
    expect(decodeControlFile(`{"__proto__":${JSON.stringify(step)}}`)).toStrictEqual(
      decodeControlFile("{}")
    )
    expect(decode({})).toStrictEqual([
      "cmd is missing",
      "no_chmod is missing",
      "env is missing",
      "copy_dir is missing"
    ])
  })
})

describe("a field of a control file", () => {
  it.each(kindsBut("a list"))("cmd refuses %s", (kind, cmd) => {
    expect(decode({ ...step, cmd })).toStrictEqual([`cmd must be a list, not ${kind}`])
  })

  it.each(kindsBut("a string"))("the command and the arguments refuse %s", (kind, value) => {
    expect(decode({ ...step, cmd: [value, "good", value] })).toStrictEqual([
      `cmd[0] ${STRING}, not ${kind}`,
      `cmd[2] ${STRING}, not ${kind}`
    ])
  })

  it.each<[string, ReadonlyArray<string>, string]>([
    ["no command", [], "cmd[0] is missing"],
    ["an empty command", [""], "cmd[0] must be a path or a name, not empty"],
    ["a command with a NUL", ["/s\0h"], `cmd[0] ${NUL}`],
    ["an argument with a NUL", ["s", "", "\0"], `cmd[2] ${NUL}`],
    ["a command that maps to no bytes", ["\ud800"], `cmd[0] ${SURROGATE}`],
    ["an argument that maps to no bytes", ["s", "\udc00"], `cmd[1] ${SURROGATE}`]
  ])("cmd refuses %s", (_, cmd, problem) => {
    expect(decode({ ...step, cmd })).toStrictEqual([problem])
  })

  it.each(kindsBut("a boolean"))("no_chmod refuses %s", (kind, no_chmod) => {
    expect(decode({ ...step, no_chmod })).toStrictEqual([`no_chmod ${BOOLEAN}, not ${kind}`])
  })

  it.each(kindsBut("an object"))("env refuses %s", (kind, env) => {
    expect(decode({ ...step, env })).toStrictEqual([`env must be an object of strings, not ${kind}`])
  })

  it.each(kindsBut("a string"))("copy_dir refuses %s", (kind, copy_dir) => {
    expect(decode({ ...step, copy_dir })).toStrictEqual([`copy_dir ${STRING}, not ${kind}`])
  })

  it.each([["/\0", NUL], ["/\ud800", SURROGATE]])("copy_dir refuses %j", (copy_dir, problem) => {
    expect(decode({ ...step, copy_dir })).toStrictEqual([`copy_dir ${problem}`])
  })
})

/** Each as `os.path.isabs` of Python's posixpath answers. */
describe("absolute-path validation on copy_dir matches Python", () => {
  it.each([
    "/",
    "//",
    "///a",
    "/a",
    "/a/",
    "/.",
    "/..",
    "/../a",
    "/ ",
    "/\n",
    "/~",
    "/C:\\a",
    "/\udcff",
    "/é"
  ])("takes %j", (copy_dir) => {
    expect(decode({ ...step, copy_dir })).toStrictEqual({ ...step, copy_dir })
  })

  it.each([
    "",
    "a",
    "a/",
    "./a",
    "../a",
    ".",
    "~",
    "~/a",
    " /a",
    "\n/a",
    "\\a",
    "C:\\a",
    "C:/a",
    "file:///a",
    "∕a"
  ])(
    "refuses %j",
    (copy_dir) => {
      expect(decode({ ...step, copy_dir })).toStrictEqual(["copy_dir must be an absolute path"])
    }
  )
})

describe("ControlFileInvalid", () => {
  it("says all that is wrong at once, in the order of the fields", () => {
    const refused = decodeControlFile(
      JSON.stringify({
        copy_dir: "a",
        env: { A: 1, "B=x": "", C: "\0" },
        no_chmod: "false",
        cmd: ["", 7, "a\0"]
      }),
      "c.json"
    )
    expect(refused).toStrictEqual(Either.left(
      new ControlFileInvalid({
        file: "c.json",
        problems: [
          { path: "cmd[0]", problem: "must be a path or a name, not empty" },
          { path: "cmd[1]", problem: `${STRING}, not a number` },
          { path: "cmd[2]", problem: NUL },
          { path: "no_chmod", problem: `${BOOLEAN}, not a string` },
          { path: "env.A", problem: `${STRING}, not a number` },
          { path: "env[\"B=...\"]", problem: "must be a variable name (not empty, no \"=\")" },
          { path: "env.C", problem: NUL },
          { path: "copy_dir", problem: "must be an absolute path" }
        ]
      })
    ))
    expect(Either.flip(refused).pipe(Either.getOrThrow).message).toBe(
      "control file \"c.json\": cmd[0] must be a path or a name, not empty; "
        + `cmd[1] ${STRING}, not a number; cmd[2] ${NUL}; no_chmod ${BOOLEAN}, not a string; `
        + `env.A ${STRING}, not a number; env["B=..."] must be a variable name (not empty, no "="); `
        + `env.C ${NUL}; copy_dir must be an absolute path`
    )
  })

  it("says what the example of decodeControlFile promises", () => {
    const refused = decodeControlFile(`{ "cmd": [], "no_chmod": false, "env": { "A": 1 } }`, "c.json")
    expect(Either.flip(refused).pipe(Either.getOrThrow).message).toBe(
      "control file \"c.json\": cmd[0] is missing; env.A must be a string, not a number; copy_dir is missing"
    )
  })
})
