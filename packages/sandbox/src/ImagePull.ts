/**
 * Having the image: it is pulled only when the daemon has none of that name.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Engine, type ImageInspection, type PullMessage } from "./Engine.js"
import { type ImageReference, registryOf, withTag } from "./ImageReference.js"
import { RegistryAuth } from "./RegistryAuth.js"
import type { Event } from "./Result.js"
import { ImagePullFailed } from "./SandboxError.js"

/** Bytes of a layer. */
interface Layer {
  readonly current: number
  readonly total: number
}

/** Downloads only: the same layer is then told again as it is unpacked. */
const isDownload = ({ status = "" }: PullMessage): boolean => /^(Downloading|Download complete)/.test(status)

const sum = (layers: Iterable<Layer>, of: keyof Layer): number =>
  [...layers].reduce((all, layer) => all + layer[of], 0)

/** What a message changes about the layers; whether there is something to show. */
const progress = (layers: Map<string, Layer>, message: PullMessage): boolean => {
  const { id, progressDetail } = message
  if (id === undefined || !isDownload(message)) return false
  const known = layers.get(id)
  const total = progressDetail?.total ?? known?.total ?? 0
  layers.set(id, { current: progressDetail?.current ?? total, total })
  return total > 0
}

const pull = Effect.fn("Sandbox.pull")(function*(
  image: ImageReference,
  emit: (event: Event) => Effect.Effect<void>
) {
  const engine = yield* Engine
  const lookup = yield* RegistryAuth
  const credentials = yield* lookup(registryOf(image))
  const layers = new Map<string, Layer>()
  yield* engine.imageCreate(withTag(image), credentials).pipe(
    Stream.runForEach((message) => {
      // The status was 200 long ago: this is how a daemon tells that the pull has failed.
      if (message.error !== undefined) {
        return Effect.fail(new ImagePullFailed({ image, detail: message.error }))
      }
      if (!progress(layers, message)) return Effect.void
      const [current, total] = [sum(layers.values(), "current"), sum(layers.values(), "total")]
      return emit({ _tag: "Pulling", image, current, total })
    }),
    Effect.catchIf(
      (error) => error._tag === "EngineError" && error.reason === "Refused",
      ({ detail }) => Effect.fail(new ImagePullFailed({ image, detail }))
    )
  )
})

/** The places that the image declares as volumes. */
const volumesOf = ({ Config }: ImageInspection): ReadonlyArray<string> => Object.keys(Config?.Volumes ?? {})

/**
 * Makes sure that the daemon has the image, and returns the places that it declares as volumes. Fails with an `ImagePullFailed`, `CredentialsUnusable` or `EngineFailure`.
 *
 * @since 0.1.0
 * @category operations
 */
export const ensureImage = (image: ImageReference, emit: (event: Event) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    const engine = yield* Engine
    const found = yield* engine.imageInspect(image)
    if (Option.isSome(found)) return volumesOf(found.value)
    yield* pull(image, emit)
    const pulled = yield* engine.imageInspect(image)
    if (Option.isSome(pulled)) return volumesOf(pulled.value)
    return yield* new ImagePullFailed({ image, detail: "it is not there after the pull" })
  })
