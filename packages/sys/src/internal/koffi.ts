/**
 * The only file that imports koffi, and the way to load it that costs least.
 *
 * Importing `koffi` itself spends some 10 ms on finding its native part. That part is an addon of its own, in
 * `@koromix/koffi-linux-ARCH`, with the same interface, so it is loaded directly, for glibc or else for musl.
 */
import type * as Koffi from "koffi"
import { createRequire } from "node:module"

/** koffi's interface as far as the bindings use it, so that a call through it has a type. */
export interface Native {
  readonly load: (path: null) => Library
  readonly errno: () => number
  readonly address: (buffer: ArrayBufferView) => bigint
  readonly view: (pointer: bigint, length: number) => ArrayBuffer
  readonly decode: (pointer: bigint, offset: number, type: "void *") => bigint | null
  readonly node: {
    /** `status` is below 0 when the descriptor has an error: libuv has stopped the handle then. */
    readonly poll: (
      fd: number,
      options: PollEvents,
      callback: (status: number) => void
    ) => PollHandle
  }
}

/** koffi's own type has another callback than it calls. */
interface PollHandle extends Pick<Koffi.node.PollHandle, "close" | "stop"> {
  readonly start: (options: PollEvents, callback: (status: number) => void) => void
}

/** What a descriptor is watched for. */
export type PollEvents = { readonly readable: true } | { readonly writable: true }

/** The process itself as a library: the C library and all else that it has loaded, dlopen(3) of NULL. */
export interface Library {
  readonly func: (prototype: string) => ((...args: ReadonlyArray<unknown>) => unknown) & {
    readonly async: (...args: ReadonlyArray<unknown>) => void
  }
  readonly symbol: (name: string) => bigint
}

const isNative = (loaded: unknown): loaded is Native =>
  typeof loaded === "object" && loaded !== null && "load" in loaded && "errno" in loaded

/** Loads koffi. Throws when it is not installed for this architecture. */
export const loadKoffi = (): Native => {
  const koffi = createRequire(createRequire(import.meta.url).resolve("koffi"))
  const addon = `@koromix/koffi-linux-${process.arch}`
  let failure: unknown
  for (const triplet of [`linux_${process.arch}`, `musl_${process.arch}`]) {
    try {
      const loaded: unknown = koffi(`${addon}/${triplet}/koffi.node`)
      if (isNative(loaded)) return loaded
    } catch (error) {
      failure = error
    }
  }
  throw new Error(`the native part of koffi (${addon}) does not load`, { cause: failure })
}
