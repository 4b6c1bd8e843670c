/**
 * Bringing files back from a container that has ended.
 *
 * The daemon reads as root, so a path is only taken as it is: were a directory of it a link that the command made, it
 * would bring back what the command itself could not read. As nothing runs in the container any more, what was checked
 * stays so (CVE-2026-42306).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { posix } from "node:path"
import { isWithin } from "./ContainerPath.js"
import { Engine } from "./Engine.js"
import { EngineError, type EngineFailure, EngineUnreachable } from "./EngineError.js"
import { reasonOf } from "./internal/http.js"
import { forEachEntry, readBody } from "./internal/tar.js"
import type { Artifacts, MissingReason } from "./Result.js"
import { ArtifactDamaged } from "./ResultError.js"

/** The directories of a path: not those of a volume's own place, where the command can change nothing. */
const directoriesOf = (path: string, volumes: ReadonlyArray<string>): ReadonlyArray<string> => {
  const parent = posix.dirname(path)
  return parent === "/" || volumes.some((volume) => isWithin(volume, parent))
    ? []
    : [...directoriesOf(parent, volumes), parent]
}

/** The first thing that is wrong with a path. */
const obstacle = (container: string, path: string, volumes: ReadonlyArray<string>, limit: number) =>
  Effect.gen(function*() {
    const engine = yield* Engine
    for (const directory of directoriesOf(path, volumes)) {
      const stat = yield* engine.containerArchiveInfo(container, directory)
      if (Option.isNone(stat)) return Option.some<MissingReason>("Missing")
      if (stat.value.type === "link") return Option.some<MissingReason>("BehindLink")
      if (stat.value.type !== "directory") return Option.some<MissingReason>("Missing")
    }
    const stat = yield* engine.containerArchiveInfo(container, path)
    if (Option.isNone(stat)) return Option.some<MissingReason>("Missing")
    if (stat.value.type !== "file") return Option.some<MissingReason>("NotAFile")
    return stat.value.size > limit ? Option.some<MissingReason>("TooLarge") : Option.none<MissingReason>()
  })

const isFailure = Schema.is(Schema.Union(ArtifactDamaged, EngineError, EngineUnreachable))

/** The content of the one file in the archive that the daemon makes of a path. */
const download = (container: string, path: string, limit: number) =>
  Effect.gen(function*() {
    const engine = yield* Engine
    const isDamaged = (detail: string) => new ArtifactDamaged({ path, detail })
    const asFailure = (error: unknown): ArtifactDamaged | EngineFailure =>
      isFailure(error) ? error : isDamaged(reasonOf(error))
    let content = Option.none<Uint8Array>()
    yield* forEachEntry(engine.containerArchive(container, path), asFailure, (entry) =>
      entry.header.type === "file" && (entry.header.size ?? 0) <= limit
        ? Effect.map(readBody(entry, asFailure), (bytes) => {
          content = Option.some(bytes)
        })
        : isDamaged("it has something else in it than the file"))
    return yield* Effect.mapError(content, () =>
      isDamaged("it is empty"))
  })

/**
 * The files at these paths, which are regular ones, each with at most `limit` bytes; and why the others are not there.
 * `volumes` are the places of the run's volumes. Fails with an `ArtifactDamaged` or an `EngineFailure`.
 *
 * @since 0.1.0
 * @category operations
 */
export const collect = Effect.fn("Sandbox.collect")(function*(
  container: string,
  paths: ReadonlyArray<string>,
  options: { readonly volumes: ReadonlyArray<string>; readonly limit: number }
) {
  const files = new Map<string, Uint8Array>()
  const missing: Array<Artifacts["missing"][number]> = []
  for (const path of new Set(paths)) {
    const reason = yield* obstacle(container, path, options.volumes, options.limit)
    if (Option.isSome(reason)) missing.push({ path, reason: reason.value })
    else files.set(path, yield* download(container, path, options.limit))
  }
  return { files, missing }
})

/**
 * No files, all for the same reason.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none = (paths: ReadonlyArray<string>, reason: MissingReason): Artifacts => ({
  files: new Map(),
  missing: [...new Set(paths)].map((path) => ({ path, reason }))
})
