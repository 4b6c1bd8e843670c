/**
 * A directory as an archive, with what its .dockerignore leaves of it.
 */
import { packDirectory } from "@chroot-exec/sandbox"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { listing } from "./support/tar.js"

/** A directory with these files, by path. */
const directoryOf = (files: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = Fs.mkdtempSync(join(tmpdir(), "pack-"))
      for (const [path, content] of Object.entries(files)) {
        Fs.mkdirSync(dirname(join(directory, path)), { recursive: true })
        Fs.writeFileSync(join(directory, path), content)
      }
      return directory
    }),
    (directory) => Effect.sync(() => Fs.rmSync(directory, { recursive: true }))
  )

const namesIn = (directory: string) =>
  Effect.gen(function*() {
    const chunks = yield* Stream.runCollect(packDirectory(directory))
    const lines = yield* Effect.promise(() => listing(Buffer.concat([...chunks])))
    return lines.map((line) => line.replace(/^(\w+) \d+ \S+ /, "$1 "))
  })

describe("packDirectory", () => {
  it.scopedLive("files, directories and links, in order", () =>
    Effect.gen(function*() {
      const directory = yield* directoryOf({ "b/two": "2", a: "1", empty: "" })
      Fs.symlinkSync("b/two", join(directory, "link"))
      expect(yield* namesIn(directory)).toStrictEqual([
        "file a \"1\"",
        "directory b",
        "file b/two \"2\"",
        "file empty \"\"",
        "symlink link -> b/two"
      ])
    }))

  it.scopedLive("a link to a directory is not followed, a socket left out", () =>
    Effect.gen(function*() {
      const directory = yield* directoryOf({})
      Fs.symlinkSync("/etc", join(directory, "etc"))
      yield* Effect.acquireRelease(
        Effect.async<Server>((resume) => {
          const server = createServer()
          server.listen(join(directory, "socket"), () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      expect(yield* namesIn(directory)).toStrictEqual(["symlink etc -> /etc"])
    }))

  it.scopedLive(".dockerignore, with an exception below what is ignored", () =>
    Effect.gen(function*() {
      const directory = yield* directoryOf({
        ".dockerignore": "# comment\nnode_modules\n**/*.log\nbuild\n!build/keep\n",
        "node_modules/x/y": "",
        "src/a.log": "",
        "src/a.ts": "t",
        "build/drop": "",
        "build/keep": "k"
      })
      expect((yield* namesIn(directory)).filter((line) => !line.startsWith("file .dockerignore")))
        .toStrictEqual([
          "file build/keep \"k\"",
          "directory src",
          "file src/a.ts \"t\""
        ])
    }))

  it.scopedLive("what cannot be read is said", () =>
    Effect.gen(function*() {
      const directory = yield* directoryOf({})
      const error = yield* Effect.flip(namesIn(join(directory, "none")))
      expect(error).toMatchObject({ _tag: "InputUnreadable", source: join(directory, "none") })
    }))
})
