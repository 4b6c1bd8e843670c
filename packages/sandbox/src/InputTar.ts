/**
 * The input archive, checked and made over for the daemon: everything in it belongs to the run's user, who can write to
 * all of it, and nothing in it leads out of it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { posix } from "node:path"
import { decompress } from "./internal/compression.js"
import { reasonOf } from "./internal/http.js"
import { type AddEntry, type Entry, forEachEntry, type Header, packed } from "./internal/tar.js"
import { UID } from "./Isolation.js"
import type { ByteStream } from "./Job.js"
import type { Layout } from "./Layout.js"
import { InputRefused, inputTooLarge, InputUnreadable } from "./SandboxError.js"

/** What the archive has told so far, as far as later entries depend on it. Paths are relative to the input. */
interface Seen {
  readonly directories: Set<string>
  readonly links: Set<string>
  size: number
}

/** An entry takes this much of an archive, and a file system needs something for it, too. */
const BLOCK = 512

type Reason = InputRefused["reason"]

const refuse = (entry: string, reason: Reason, detail = "") =>
  Either.left(new InputRefused({ entry, reason, detail }))

const KINDS: Readonly<Record<string, string>> = {
  "character-device": "a device",
  "block-device": "a device",
  fifo: "a named pipe"
}

/** All directories above a path: `a/b/c` is below `a` and `a/b`. */
const above = (path: string): ReadonlyArray<string> => {
  const parent = posix.dirname(path)
  return parent === "." ? [] : [...above(parent), parent]
}

/** Why a path of the archive cannot be used; `./` in front and `/` at its end mean nothing. */
const problemOf = (path: string, seen: Seen): Reason | undefined => {
  // What tar-stream makes of bytes that are not UTF-8.
  if (path.includes("\ufffd") || path.includes("\0")) return "NotUtf8"
  if (path.startsWith("/")) return "AbsolutePath"
  if (path.split("/").includes("..")) return "EscapingPath"
  return above(posix.normalize(path)).some((parent) => seen.links.has(parent)) ? "LinkedPath" : undefined
}

/** Where a symbolic link leads, beginning in its own directory, by its words alone. */
const escapes = (path: string, target: string): boolean => {
  const place = posix.normalize(posix.join(posix.dirname(path), target))
  return target.startsWith("/") || place === ".." || place.startsWith("../")
}

/** Sparse files have their holes described in headers that are dropped here: the bytes would be in the wrong places. */
const isSparse = (header: Header): boolean =>
  "pax" in header && typeof header.pax === "object" && header.pax !== null &&
  Object.keys(header.pax).some((key) => key.startsWith("GNU.sparse"))

/** Permissions that let the owner do everything: what was executable stays so. */
const permissions = (mode: number, atLeast: number): number => (mode & 0o777) | atLeast

/** The entry as it is unpacked, with its path relative to the input; undefined for the input's own directory. */
const check = (header: Header, seen: Seen): Either.Either<Header | undefined, InputRefused> => {
  const problem = problemOf(header.name, seen)
  if (problem !== undefined) return refuse(header.name, problem)
  const name = posix.normalize(header.name).replace(/\/$/, "")
  if (name === ".") return Either.right(undefined)
  const mode = header.mode ?? 0
  const common = { name, uid: UID, gid: UID, ...(header.mtime === undefined ? {} : { mtime: header.mtime }) }
  const { type } = header
  if (type === "directory") {
    return Either.right({ ...common, type, size: 0, mode: permissions(mode, 0o700) })
  }
  if (type === "file" || type === "contiguous-file") {
    return isSparse(header)
      ? refuse(header.name, "Type", "a sparse file")
      : Either.right({ ...common, type: "file", size: header.size ?? 0, mode: permissions(mode, 0o600) })
  }
  const linkname = header.linkname ?? ""
  if (type === "symlink") {
    return escapes(name, linkname) || linkname.includes("\ufffd")
      ? refuse(header.name, "EscapingLink")
      : Either.right({ ...common, type, size: 0, mode: 0o777, linkname })
  }
  if (type === "link") {
    return problemOf(linkname, seen) === undefined
      ? Either.right({
        ...common,
        type,
        size: 0,
        mode: permissions(mode, 0o600),
        linkname: posix.normalize(linkname)
      })
      : refuse(header.name, "EscapingLink")
  }
  return refuse(header.name, "Type", KINDS[type ?? ""] ?? "of an unknown type")
}

/** Notes what later entries have to know, and returns the directories that the archive left out. */
const note = ({ name, type }: Header, seen: Seen): ReadonlyArray<string> => {
  const missing = above(name).filter((directory) => !seen.directories.has(directory))
  for (const directory of missing) seen.directories.add(directory)
  seen.links.delete(name)
  if (type === "symlink") seen.links.add(name)
  if (type === "directory") seen.directories.add(name)
  return missing
}

const directory = (name: string, mode: number): Header => ({
  name,
  type: "directory",
  mode,
  uid: UID,
  gid: UID
})

/** What went wrong with the input, or with the archive itself. */
const damaged = (error: unknown): InputRefused | InputUnreadable =>
  isKnown(error) ? error : new InputRefused({ entry: "", reason: "Damaged", detail: reasonOf(error) })

const isKnown = Schema.is(Schema.Union(InputRefused, InputUnreadable))

/**
 * What to fill the volumes with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Filling {
  readonly layout: Layout
  readonly input: ByteStream | undefined
  readonly inputDirectory: string
  /** The most that the input may be, in bytes. */
  readonly limit: number
}

/**
 * A plain archive to be unpacked at `/`: the top directories of all volumes, the directories that have to be there, and
 * the input in its place. Fails with an `InputRefused` at the first entry that is not unpacked, and with an
 * `InputUnreadable` when the input cannot be read.
 *
 * @since 0.1.0
 * @category conversions
 */
export const filling = (
  { input, inputDirectory, layout, limit }: Filling
): Stream.Stream<Uint8Array, InputRefused | InputUnreadable> => {
  const place = (path: string): string => posix.join(inputDirectory, path).slice(1)

  const addInput =
    (add: AddEntry<InputRefused | InputUnreadable>, seen: Seen) => ({ body, header: original }: Entry) =>
      Effect.gen(function*() {
        const header = yield* check(original, seen)
        seen.size += BLOCK + (original.size ?? 0)
        if (seen.size > limit) return yield* inputTooLarge(limit)
        if (header === undefined) return void body.resume()
        for (const missing of note(header, seen)) yield* add(directory(place(missing), 0o755))
        const linkname = header.type === "link" ? { linkname: place(header.linkname ?? "") } : {}
        const placed = { ...header, name: place(header.name), ...linkname }
        if (header.type === "file") return yield* add(placed, body)
        yield* add(placed)
        body.resume()
      })

  return packed<InputRefused | InputUnreadable>((add) =>
    Effect.gen(function*() {
      for (const { mode, target } of layout.volumes) yield* add(directory(target.slice(1), mode))
      for (const path of layout.directories) yield* add(directory(path.slice(1), 0o755))
      if (input === undefined) return
      const seen: Seen = { directories: new Set(), links: new Set(), size: 0 }
      yield* forEachEntry(decompress(input), damaged, addInput(add, seen))
    }), damaged)
}
