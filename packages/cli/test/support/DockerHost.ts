/**
 * A Docker daemon of the test's own for `agent sandbox`, with the image `image` made of busybox, which goes with the scope.
 */
import * as Effect from "effect/Effect"
import { makeBusyboxRoot } from "../../../../docker/busybox-root.mjs"
import { startDockerd } from "../../../../docker/dockerd.mjs"

export const scoped = Effect.acquireRelease(
  Effect.promise(startDockerd),
  ({ stop }) => Effect.promise(stop)
).pipe(
  Effect.tap(({ importImage }) => Effect.promise(() => importImage("image", (root) => makeBusyboxRoot(root))))
)
