/**
 * A directory as an input archive, without what its `.dockerignore` names.
 *
 * @since 0.1.0
 */
import dockerignore from "@balena/dockerignore"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { constants, createReadStream, type Stats } from "node:fs"
import { type FileHandle, lstat, open, readdir, readFile, readlink } from "node:fs/promises"
import { join } from "node:path"
import { reasonOf } from "./internal/http.js"
import { type AddEntry, packed } from "./internal/tar.js"
import type { ByteStream } from "./Job.js"
import { InputUnreadable } from "./SandboxError.js"

const isKnown = Schema.is(InputUnreadable)

const unreadable = (source: string) => (error: unknown): InputUnreadable =>
  isKnown(error) ? error : new InputUnreadable({ source, detail: reasonOf(error) })

const attempt = <A>(path: string, evaluate: () => Promise<A>): Effect.Effect<A, InputUnreadable> =>
  Effect.tryPromise({ try: evaluate, catch: unreadable(path) })

/** Whether a path, relative to the directory, is packed; whether anything below an ignored directory can be. */
interface Rules {
  readonly packs: (path: string) => boolean
  readonly enters: (path: string) => boolean
}

const NOT_FOUND = /ENOENT/

const readRules = (directory: string): Effect.Effect<Rules, InputUnreadable> =>
  attempt(join(directory, ".dockerignore"), () => readFile(join(directory, ".dockerignore"), "utf8")).pipe(
    Effect.catchIf(({ detail }) => NOT_FOUND.test(detail), () => Effect.succeed("")),
    Effect.map((text) => {
      const rules = dockerignore.default().add(text)
      const packs = (path: string) => !rules.ignores(path)
      // "!a/b" takes something back from an ignored "a".
      const hasExceptions = /^\s*!/m.test(text)
      return { packs, enters: (path) => hasExceptions || packs(path) }
    })
  )

/** The very file that lstat(2) saw, or a failure: a link that has taken its place is not followed. */
const openFile = (path: string) =>
  Effect.acquireRelease(
    attempt(path, () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)),
    (handle) => Effect.promise(() => handle.close())
  )

const addFile = (add: AddEntry<InputUnreadable>, name: string, path: string) =>
  Effect.scoped(Effect.gen(function*() {
    const handle: FileHandle = yield* openFile(path)
    const { mode, mtime, size } = yield* attempt(path, () => handle.stat())
    const header = { name, type: "file", mode, mtime, size } as const
    if (size === 0) return yield* add(header)
    // No more than the header says, if it grows; shorter is an error.
    const body = createReadStream("", { fd: handle.fd, autoClose: false, start: 0, end: size - 1 })
    yield* add(header, body)
  }))

/** Adds what is at a path, relative to the directory. Sockets are left out, as every tar does. */
const addPath = (
  add: AddEntry<InputUnreadable>,
  rules: Rules,
  directory: string,
  name: string
): Effect.Effect<void, InputUnreadable> =>
  Effect.gen(function*() {
    const path = join(directory, name)
    const stats: Stats = yield* attempt(path, () => lstat(path))
    const { mode, mtime } = stats
    if (stats.isDirectory()) {
      if (rules.packs(name)) yield* add({ name, type: "directory", mode, mtime })
      if (rules.enters(name)) yield* addDirectory(add, rules, directory, name)
      return
    }
    if (!rules.packs(name) || stats.isSocket()) return
    if (stats.isFile()) return yield* addFile(add, name, path)
    if (stats.isSymbolicLink()) {
      return yield* add({
        name,
        type: "symlink",
        mtime,
        linkname: yield* attempt(path, () => readlink(path))
      })
    }
    // Refused where the archive is checked, by its name.
    yield* add({ name, type: stats.isFIFO() ? "fifo" : "character-device", mtime })
  })

const addDirectory = (
  add: AddEntry<InputUnreadable>,
  rules: Rules,
  directory: string,
  name: string
): Effect.Effect<void, InputUnreadable> =>
  attempt(join(directory, name), () => readdir(join(directory, name))).pipe(
    Effect.flatMap((children) =>
      Effect.forEach(
        children.sort(),
        (child) => addPath(add, rules, directory, name === "" ? child : `${name}/${child}`),
        { discard: true }
      )
    )
  )

/**
 * The directory's content as a tar archive, in the order of its names. Links are packed as links. Fails with an
 * `InputUnreadable` at what cannot be read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const packDirectory = (directory: string): ByteStream =>
  packed(
    (add) => Effect.flatMap(readRules(directory), (rules) => addDirectory(add, rules, directory, "")),
    unreadable(directory)
  )
