/**
 * What ContainerArchiveInfo tells in a header.
 */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { FileType, PathStat } from "../Engine.js"
import type { EngineError } from "../EngineError.js"
import { unexpected } from "./http.js"

/** Go's io/fs.FileMode: type bits from the top, permissions at the bottom. */
const DIRECTORY = 1 << 31 >>> 0
const SYMLINK = 1 << 27
/** Directory, symlink, device, named pipe, socket, character device, irregular. */
const TYPES = 0x8f28_0000

const typeOf = (mode: number): FileType => {
  const type = (mode & TYPES) >>> 0
  if (type === 0) return "file"
  if (type === DIRECTORY) return "directory"
  return type === SYMLINK ? "link" : "other"
}

const decode = Schema.decodeUnknown(Schema.compose(
  Schema.StringFromBase64,
  Schema.parseJson(Schema.Struct({ mode: Schema.Number, size: Schema.Number }))
))

export const pathStat = (
  { headers, status }: HttpClientResponse.HttpClientResponse
): Effect.Effect<PathStat, EngineError> =>
  decode(headers["x-docker-container-path-stat"]).pipe(
    Effect.mapBoth({
      onFailure: () => unexpected("containerArchiveInfo", status, "its header does not describe a file"),
      onSuccess: ({ mode, size }) => ({ type: typeOf(mode), size })
    })
  )
