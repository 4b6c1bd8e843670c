/**
 * Docker daemons for tests, with the image of docker/test-image.mjs.
 */
import { EngineLive } from "@chroot-exec/sandbox"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { inject } from "vitest"
import type { DockerdClient } from "../../../../docker/dockerd-client.mjs"
import { borrowDockerd } from "../../../../docker/dockerd-pool.mjs"
import { startDockerd } from "../../../../docker/dockerd.mjs"
import { importTestImage } from "../../../../docker/test-image.mjs"

export interface Dockerd {
  readonly socket: string
  readonly layer: ReturnType<typeof EngineLive.layer>
  /** Ids of all containers, names of all volumes. */
  readonly left: Effect.Effect<
    { readonly containers: ReadonlyArray<string>; readonly volumes: ReadonlyArray<string> }
  >
}

const of = (client: DockerdClient): Dockerd => ({
  socket: client.socket,
  layer: EngineLive.layer({ DOCKER_HOST: client.host }),
  left: Effect.promise(client.list)
})

/** The daemon of this worker, which has it to itself while its file runs. */
export const borrow = (): Promise<Dockerd> => borrowDockerd(inject("dockerdPool")).then(of)

/** One that may be restarted, and goes with the scope. */
export const own: Effect.Effect<
  Dockerd & {
    /** Stops the daemon as its service does, and starts it again. */
    readonly restart: Effect.Effect<void>
  },
  never,
  Scope.Scope
> = Effect.gen(function*() {
  const daemon = yield* Effect.acquireRelease(
    Effect.promise(startDockerd),
    ({ stop }) => Effect.promise(stop)
  )
  yield* Effect.promise(() => importTestImage(daemon))
  return { ...of(daemon), restart: Effect.promise(daemon.restart) }
})
