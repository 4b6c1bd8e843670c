/**
 * Waiting for a process that is ending, without keeping the thread.
 */
import type { Pid } from "@chroot-exec/sys/Brands"
import type { LibcOperations } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"
import { own } from "./ownedFd.js"

/** Until its end, wherever the kernel has descriptors of processes; else on a thread of libuv's. */
const waitForEnd = (libc: LibcOperations, pid: Pid) =>
  own(libc, Effect.map(libc.pidfdOpen(pid), (fd) => [fd] as const)).pipe(
    Effect.flatMap(([pidfd]) =>
      Effect.acquireUseRelease(libc.watch(pidfd.fd), ({ readable }) => readable, ({ close }) => close)
    ),
    Effect.scoped,
    Effect.catchAll(() => Effect.ignore(libc.wait4(pid)))
  )

/** Reaps a child that is ending. One that somebody else traces stays a zombie until its tracer lets it go. */
export const reap = (libc: LibcOperations, pid: Pid): Effect.Effect<void> =>
  libc.reap(pid).pipe(
    Effect.flatMap((reaped) => reaped ? Effect.void : Effect.zipRight(waitForEnd(libc, pid), libc.reap(pid))),
    Effect.ignore
  )
