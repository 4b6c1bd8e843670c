/**
 * On a system that is not Linux the live Layer fails with a type of its own.
 */
import { Libc, UnsupportedPlatform } from "@chroot-exec/sys/Libc"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const on = (platform: string, arch: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const real = { platform: process.platform, arch: process.arch }
      Object.defineProperty(process, "platform", { value: platform })
      Object.defineProperty(process, "arch", { value: arch })
      return real
    }),
    () => Effect.flip(Effect.provide(Libc, LibcLive.layer)),
    (real) =>
      Effect.sync(() => {
        Object.defineProperty(process, "platform", { value: real.platform })
        Object.defineProperty(process, "arch", { value: real.arch })
      })
  )

describe("UnsupportedPlatform", () => {
  for (const [platform, arch] of [["darwin", "arm64"], ["win32", "x64"], ["linux", "ia32"]] as const) {
    it.effect(`${platform} ${arch}`, () =>
      Effect.gen(function*() {
        const error = yield* on(platform, arch)
        expect(error).toEqual(new UnsupportedPlatform({ platform: `${platform} ${arch}` }))
        expect(error.message).toBe(
          `running a step is not supported on ${platform} ${arch}; it takes Linux on x64 or arm64`
        )
      }))
  }
})
