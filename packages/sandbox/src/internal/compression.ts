/**
 * How an archive is compressed, and undoing it here: a daemon runs programs of its host for that (CVE-2026-41567).
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { createGunzip } from "node:zlib"
import type { ByteStream } from "../Job.js"
import { InputRefused, type InputUnreadable } from "../SandboxError.js"
import { reasonOf } from "./http.js"

/** The first bytes of what can be told from a tar archive, which begins with a name. */
const MAGIC: ReadonlyArray<readonly [name: string, bytes: ReadonlyArray<number>]> = [
  ["gzip", [0x1f, 0x8b]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["compress", [0x1f, 0x9d]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]]
]

const LONGEST = Math.max(...MAGIC.map(([, bytes]) => bytes.length))

const compressionOf = (head: Uint8Array): string | undefined =>
  MAGIC.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte))?.[0]

const damaged = (error: unknown) =>
  new InputRefused({ entry: "", reason: "Damaged", detail: reasonOf(error) })

type Pull = Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<InputUnreadable>>

/** The first bytes, enough to tell unless the stream is shorter. */
const readHead = (pull: Pull): Effect.Effect<Uint8Array, InputUnreadable> =>
  Effect.iterate({ head: new Uint8Array(), ended: false }, {
    while: ({ ended, head }) => !ended && head.length < LONGEST,
    body: ({ head }) =>
      Effect.matchEffect(pull, {
        onFailure: Option.match({ onNone: () => Effect.succeed({ head, ended: true }), onSome: Effect.fail }),
        onSuccess: (chunks) => Effect.succeed({ head: Buffer.concat([head, ...chunks]), ended: false })
      })
  }).pipe(Effect.map(({ head }) => head))

/** The archive without its compression. */
export const decompress = (
  input: ByteStream
): Stream.Stream<Uint8Array, InputRefused | InputUnreadable> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const pull = yield* Stream.toPull(input)
    const head = yield* readHead(pull)
    const bytes = Stream.concat(Stream.make(head), Stream.repeatEffectChunkOption(pull))
    const compression = compressionOf(head)
    if (compression === undefined) return bytes
    return compression === "gzip"
      ? NodeStream.pipeThroughDuplex(bytes, () => createGunzip(), damaged)
      : Stream.fail(new InputRefused({ entry: "", reason: "Compression", detail: compression }))
  }))
