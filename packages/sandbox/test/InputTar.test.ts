/**
 * The input archive: what is unpacked is the run's user's, and nothing leads out of it.
 */
import { filling } from "@chroot-exec/sandbox/InputTar"
import { layout } from "@chroot-exec/sandbox/Layout"
import { InputUnreadable } from "@chroot-exec/sandbox/SandboxError"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { gzipSync } from "node:zlib"
import { listing, type TarEntry, tarOf } from "./support/tar.js"

const inputDirectory = "/src"

/** The archive for the daemon. */
const filled = (
  input: Stream.Stream<Uint8Array, InputUnreadable>,
  limit = 10_000_000,
  collect: Array<string> = []
) =>
  Stream.runCollect(filling({
    input,
    inputDirectory,
    layout: layout({ inputDirectory, collect, mounts: [], workingDirectory: undefined }),
    limit
  })).pipe(Effect.map((chunks) => Buffer.concat([...chunks])))

const fromBytes = (bytes: Uint8Array, size = 1000) =>
  Stream.fromIterable(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size))
  )

const fromEntries = (entries: ReadonlyArray<TarEntry>, limit?: number) =>
  Effect.flatMap(Effect.promise(() => tarOf(entries)), (archive) => filled(fromBytes(archive), limit))

const lines = (archive: Uint8Array) => Effect.promise(() => listing(archive))

const TOP = "directory 755 65532:65532 src"

describe("what is unpacked", () => {
  it.effect("belongs to the run's user, who can write to it", () =>
    Effect.gen(function*() {
      const archive = yield* fromEntries([
        { name: "./", type: "directory", mode: 0o555, uid: 0 },
        { name: "./a.sh", mode: 0o4755, uid: 1000, gid: 1000, content: "run" },
        { name: "read-only", mode: 0o444, content: "x" },
        { name: "empty", mode: 0o600 },
        { name: "d/", type: "directory", mode: 0o500 },
        { name: "d/link", type: "symlink", linkname: "../a.sh" },
        { name: "d/hard", type: "link", linkname: "a.sh" }
      ])
      expect(yield* lines(archive)).toStrictEqual([
        TOP,
        "file 755 65532:65532 src/a.sh \"run\"",
        "file 644 65532:65532 src/read-only \"x\"",
        "file 600 65532:65532 src/empty \"\"",
        "directory 700 65532:65532 src/d",
        "symlink 777 65532:65532 src/d/link -> ../a.sh",
        "link 644 65532:65532 src/d/hard -> src/a.sh"
      ])
    }))

  it.effect("has all directories, the user's own, once", () =>
    Effect.gen(function*() {
      const archive = yield* fromEntries([{ name: "a/b/c", content: "1" }, { name: "a/b/d", content: "2" }])
      expect(yield* lines(archive)).toStrictEqual([
        TOP,
        "directory 755 65532:65532 src/a",
        "directory 755 65532:65532 src/a/b",
        "file 644 65532:65532 src/a/b/c \"1\"",
        "file 644 65532:65532 src/a/b/d \"2\""
      ])
    }))

  it.effect("keeps long and foreign names", () =>
    Effect.gen(function*() {
      const names = ["ü/日本", `${"d".repeat(90)}/${"e".repeat(150)}/${"f".repeat(200)}`]
      const archive = yield* fromEntries(names.map((name) => ({ name, content: name })))
      const files = (yield* lines(archive)).filter((line) => line.startsWith("file"))
      expect(files).toStrictEqual(
        names.map((name) => `file 644 65532:65532 src/${name} ${JSON.stringify(name)}`)
      )
    }))

  it.effect.each([1, 7, 512, 100_000])(
    "comes in chunks of %i bytes, compressed",
    (size) =>
      Effect.gen(function*() {
        const content = "x".repeat(3000)
        const plain = yield* Effect.promise(() => tarOf([{ name: "a", content }]))
        const archive = yield* filled(fromBytes(gzipSync(plain), size))
        expect(yield* lines(archive)).toStrictEqual([TOP, `file 644 65532:65532 src/a "${content}"`])
      })
  )

  it.effect("is nothing but the directories without an input", () =>
    Effect.gen(function*() {
      const places = layout({
        inputDirectory: undefined,
        collect: ["/tmp/r/a", "/out/b"],
        mounts: [],
        workingDirectory: undefined
      })
      const chunks = yield* Stream.runCollect(
        filling({ input: undefined, inputDirectory, layout: places, limit: 0 })
      )
      expect(yield* lines(Buffer.concat([...chunks]))).toStrictEqual([
        "directory 755 65532:65532 out",
        "directory 1777 65532:65532 tmp",
        "directory 755 65532:65532 tmp/r"
      ])
    }))
})

const link = (name: string, linkname: string): TarEntry => ({ name, type: "symlink", linkname })

describe("what is refused", () => {
  it.effect.each<readonly [string, ReadonlyArray<TarEntry>, string]>([
    ["..", [{ name: "a/../../b", content: "x" }], "\"a/../../b\": its path has \"..\" in it"],
    [
      "an absolute path",
      [{ name: "/etc/passwd", content: "x" }],
      "\"/etc/passwd\": its path begins with \"/\"; make the archive with relative paths"
    ],
    [
      "an absolute link",
      [link("l", "/etc")],
      "\"l\": links to something outside of the input; make the link relative, or leave it out"
    ],
    [
      "an escaping link",
      [link("a/l", "../../etc")],
      "\"a/l\": links to something outside of the input; make the link relative, or leave it out"
    ],
    [
      "a link to the parent",
      [link("l", "..")],
      "\"l\": links to something outside of the input; make the link relative, or leave it out"
    ],
    [
      "an escaping hard link",
      [{ name: "l", type: "link", linkname: "../x" }],
      "\"l\": links to something outside of the input; make the link relative, or leave it out"
    ],
    [
      "an absolute hard link",
      [{ name: "l", type: "link", linkname: "/x" }],
      "\"l\": links to something outside of the input; make the link relative, or leave it out"
    ],
    [
      "a path through a link",
      [link("d", "e"), { name: "d/x", content: "" }],
      "\"d/x\": is below a symbolic link of the archive"
    ],
    [
      "a path far below a link",
      [link("d", "e"), { name: "d/x/y/", type: "directory" }],
      "\"d/x/y/\": is below a symbolic link of the archive"
    ],
    [
      "a device",
      [{ name: "n", type: "character-device", devmajor: 1, devminor: 3 }],
      "\"n\": is a device; only files, directories and links are unpacked"
    ],
    [
      "a disk",
      [{ name: "n", type: "block-device" }],
      "\"n\": is a device; only files, directories and links are unpacked"
    ],
    [
      "a pipe",
      [{ name: "p", type: "fifo" }],
      "\"p\": is a named pipe; only files, directories and links are unpacked"
    ]
  ])("%s", ([, entries, says]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(fromEntries([{ name: "before", content: "x" }, ...entries]))
      expect(error.message).toBe(`input archive: ${says}`)
    }))

  it.effect("a sparse file, whose holes would be lost", () =>
    Effect.gen(function*() {
      const sparse = { name: "s", content: "x", pax: { "GNU.sparse.major": "1" } }
      expect((yield* Effect.flip(fromEntries([sparse]))).message)
        .toBe("input archive: \"s\": is a sparse file; only files, directories and links are unpacked")
    }))

  it.effect("not a link that became a directory", () =>
    Effect.gen(function*() {
      const entries: ReadonlyArray<TarEntry> = [
        link("d", "e"),
        { name: "d/", type: "directory", mode: 0o700 },
        { name: "d/x", content: "" }
      ]
      expect(yield* lines(yield* fromEntries(entries))).toStrictEqual([
        TOP,
        "symlink 777 65532:65532 src/d -> e",
        "directory 700 65532:65532 src/d",
        "file 644 65532:65532 src/d/x \"\""
      ])
    }))

  it.effect.each<readonly [string, Buffer, string]>([
    [
      "xz",
      Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]),
      "is compressed with xz; give it plain or with gzip"
    ],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), "is compressed with zstd; give it plain or with gzip"],
    ["bzip2", Buffer.from("BZh91AY"), "is compressed with bzip2; give it plain or with gzip"],
    ["zip", Buffer.from("PK\u0003\u0004xx"), "is compressed with zip; give it plain or with gzip"],
    ["text", Buffer.from("no archive"), "is no tar archive, or a damaged one (Unexpected end of data)"],
    [
      "broken gzip",
      Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0]),
      "is no tar archive, or a damaged one (unexpected end of file)"
    ]
  ])(
    "%s",
    ([, bytes, says]) =>
      Effect.map(
        Effect.flip(filled(fromBytes(bytes, 3))),
        ({ message }) => expect(message).toBe(`input archive: ${says}`)
      )
  )

  it.effect("an archive that is cut off", () =>
    Effect.gen(function*() {
      const archive = yield* Effect.promise(() => tarOf([{ name: "a", content: "x".repeat(5000) }]))
      const error = yield* Effect.flip(filled(fromBytes(archive.subarray(0, 3000))))
      expect(error.message).toBe(
        "input archive: is no tar archive, or a damaged one (Unexpected end of data)"
      )
    }))

  it.effect("more than the limit, by content or by number", () =>
    Effect.gen(function*() {
      const says = "input archive: is larger than 2 KiB when unpacked; raise the limit of the input"
      const large = yield* Effect.flip(fromEntries([{ name: "a", content: "x".repeat(2000) }], 2048))
      expect(large.message).toBe(says)
      const many = Array.from({ length: 5 }, (_, index) => ({ name: `f${index}` }))
      expect((yield* Effect.flip(fromEntries(many, 2048))).message).toBe(says)
    }))

  it.effect("an input that breaks off is its reader's error", () =>
    Effect.gen(function*() {
      const broken = new InputUnreadable({ source: "in.tar", detail: "EIO" })
      const archive = yield* Effect.promise(() => tarOf([{ name: "a", content: "x".repeat(5000) }]))
      const error = yield* Effect.flip(
        filled(Stream.concat(fromBytes(archive.subarray(0, 1000)), Stream.fail(broken)))
      )
      expect(error).toStrictEqual(broken)
    }))
})
