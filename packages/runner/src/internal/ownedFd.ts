/**
 * Descriptors that are closed exactly once.
 */
import type { Fd } from "@chroot-exec/sys/Brands"
import type { LibcOperations } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** A descriptor that is closed by `close`, or else with its scope. Its number is another's after that. */
export interface OwnedFd {
  readonly fd: Fd
  readonly close: Effect.Effect<void>
  readonly isOpen: () => boolean
}

const toOwned = (libc: LibcOperations, fd: Fd): OwnedFd => {
  let open = true
  const close = Effect.suspend(() => {
    if (!open) return Effect.void
    open = false
    // It is closed whatever close(2) says.
    return Effect.ignore(libc.close(fd))
  })
  return { fd, close, isOpen: () => open }
}

/** What makes descriptors, and the descriptors for the scope. */
export function own<const Fds extends ReadonlyArray<Fd>, E>(
  libc: LibcOperations,
  acquire: Effect.Effect<Fds, E>
): Effect.Effect<{ readonly [Index in keyof Fds]: OwnedFd }, E, Scope.Scope>

export function own<E>(
  libc: LibcOperations,
  acquire: Effect.Effect<ReadonlyArray<Fd>, E>
): Effect.Effect<ReadonlyArray<OwnedFd>, E, Scope.Scope> {
  return Effect.acquireRelease(
    Effect.map(acquire, (fds) => fds.map((fd) => toOwned(libc, fd))),
    (owned) => Effect.forEach(owned, ({ close }) => close, { discard: true })
  )
}
