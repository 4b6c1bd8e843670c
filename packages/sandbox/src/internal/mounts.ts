/**
 * A second look at mounts where the daemon's host is ours: what a path leads to can only be told there.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { realpath, stat } from "node:fs/promises"
import type { Engine } from "../Engine.js"
import { isShareable, type Mount } from "../Mount.js"
import { MountRefused } from "../SandboxError.js"

const check = ({ source }: Mount, socket: string) =>
  Effect.gen(function*() {
    const refuse = (reason: MountRefused["reason"], path: string) =>
      new MountRefused({ source, path, reason })
    const { path, isSocket } = yield* Effect.tryPromise({
      try: () =>
        realpath(source).then((path) => stat(path).then((stats) => ({ path, isSocket: stats.isSocket() }))),
      catch: () => refuse("Missing", source)
    })
    // The socket's own path may have links in it, too.
    const real = yield* Effect.orElseSucceed(Effect.tryPromise(() => realpath(socket)), () => socket)
    if (!isShareable(path, socket) || !isShareable(path, real)) return yield* refuse("Whole", path)
    if (isSocket) return yield* refuse("Socket", path)
  })

/** Refuses links to what may not be mounted, sockets, and what has the daemon's own socket in it. */
export const checkMounts = (
  mounts: ReadonlyArray<Mount>,
  { socket }: Engine["Type"]
): Effect.Effect<void, MountRefused> =>
  Option.match(socket, {
    onNone: () => Effect.void,
    onSome: (path) => Effect.forEach(mounts, (mount) => check(mount, path), { discard: true })
  })
