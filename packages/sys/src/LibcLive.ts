/**
 * The C library of this process as the `Libc` service.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { bind } from "./internal/bindings.js"
import { loadKoffi } from "./internal/koffi.js"
import { makeCalls } from "./internal/live/calls.js"
import { descriptorOperations } from "./internal/live/descriptors.js"
import { fileOperations } from "./internal/live/files.js"
import { processOperations } from "./internal/live/processes.js"
import { rawOperations } from "./internal/live/raw.js"
import type { LibcOperations } from "./Libc.js"
import { Libc, UnsupportedPlatform } from "./Libc.js"

/** The operations over a C library that has been loaded. */
const make = (): LibcOperations => {
  const koffi = loadKoffi()
  const library = koffi.load(null)
  const calls = makeCalls(koffi, bind(library))
  return {
    ...fileOperations(calls),
    ...descriptorOperations(calls),
    ...processOperations(calls, library),
    ...rawOperations(calls)
  }
}

/**
 * The `Libc` of this thread: on a worker thread, what belongs to a thread is that thread's. Fails with
 * `UnsupportedPlatform` where the bindings do not apply; loads nothing before it is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Libc, UnsupportedPlatform> = Layer.effect(
  Libc,
  Effect.suspend(() => {
    const platform = `${process.platform} ${process.arch}`
    return platform === "linux x64" || platform === "linux arm64"
      ? Effect.try({
        try: make,
        catch: () => new UnsupportedPlatform({ platform: `${platform} without koffi` })
      })
      : Effect.fail(new UnsupportedPlatform({ platform }))
  })
)
