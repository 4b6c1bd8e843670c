/**
 * The environment that the caller gave the agent, for commands that also run where there is no `Libc`.
 *
 * @since 0.1.0
 */
import type { Environment } from "@chroot-exec/core/Environment"
import { revealName } from "@chroot-exec/core/Inherited"
import { captureInherited } from "@chroot-exec/sys/CallerState"
import type { SyscallError } from "@chroot-exec/sys/Libc"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Launcher } from "./Launcher.js"

/** Node shows each byte that is not UTF-8 as U+FFFD. Which one it was is lost: so it is told as one that is no text. */
const lost = (text: string): string => text.replaceAll("\ufffd", "\udcff")

/** As Node tells it. */
const fromNode = (reveal: (name: string) => string): Environment =>
  Object.fromEntries(
    Object.entries(process.env).map(([name, value = ""]) => [lost(reveal(name)), lost(value)])
  )

/**
 * The caller's environment, byte by byte. Where there is no `Libc` it is Node's: then a name or a value that had bytes
 * which are not UTF-8 (or U+FFFD itself) has an escaped byte (see `SurrogateEscape`), and whoever can hand on only text
 * refuses it.
 *
 * Fails with a `SyscallError` when it cannot be read.
 *
 * @since 0.1.0
 * @category operations
 */
export const callerEnvironment: Effect.Effect<Environment, SyscallError> = Effect.gen(function*() {
  const launcher = yield* Launcher
  return yield* captureInherited(launcher).pipe(
    Effect.map(({ environment }) => environment),
    Effect.provide(LibcLive.layer),
    Effect.catchTag(
      "UnsupportedPlatform",
      () => Effect.sync(() => fromNode(Option.isSome(launcher) ? revealName : (name) => name))
    )
  )
})
