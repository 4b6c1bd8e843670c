/**
 * A Docker daemon of the test's own, with an image made of a static busybox, which goes with the scope.
 */
import { EngineLive } from "@chroot-exec/sandbox"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import { join } from "node:path"
import { makeBusyboxRoot } from "../../../../docker/busybox-root.mjs"
import { startDockerd } from "../../../../docker/dockerd.mjs"
import { makeMachineRoot } from "../../../../docker/machine-root.mjs"

export interface Dockerd {
  readonly socket: string
  readonly layer: ReturnType<typeof EngineLive.layer>
  /** Ids of all containers, names of all volumes. */
  readonly left: Effect.Effect<
    { readonly containers: ReadonlyArray<string>; readonly volumes: ReadonlyArray<string> }
  >
  /** Stops the daemon as its service does, and starts it again. */
  readonly restart: Effect.Effect<void>
}

/** The image's root: busybox, and what it must not help to have in it. */
const makeRoot = (root: string): void => {
  makeBusyboxRoot(root)
  // Perl makes any system call, which busybox does not.
  makeMachineRoot(root, ["perl"])
  Fs.writeFileSync(join(root, "etc/secret"), "only root reads this\n", { mode: 0o600 })
  Fs.writeFileSync(join(root, "bin/ready"), "#!/bin/sh\necho ready\n")
  Fs.chmodSync(join(root, "bin/ready"), 0o755)
  // A set-user-ID shell of root.
  Fs.copyFileSync("/bin/busybox", join(root, "bin/suid"))
  Fs.chmodSync(join(root, "bin/suid"), 0o4755)
}

const CHANGES = [
  "ENTRYPOINT [\"/bin/false\"]",
  "VOLUME /declared",
  "ENV FROM_IMAGE=yes",
  "HEALTHCHECK CMD /bin/false"
]

/** A daemon that runs, with the image `image`. */
export const make: Effect.Effect<Dockerd, never, Scope.Scope> = Effect.gen(function*() {
  const daemon = yield* Effect.acquireRelease(
    Effect.promise(startDockerd),
    ({ stop }) => Effect.promise(stop)
  )
  yield* Effect.promise(() => daemon.importImage("image", makeRoot, CHANGES))
  return {
    socket: daemon.socket,
    layer: EngineLive.layer({ DOCKER_HOST: daemon.host }),
    left: Effect.promise(daemon.list),
    restart: Effect.promise(daemon.restart)
  }
})
