/**
 * What all supervisors of a launcher are given.
 */
import * as CString from "@chroot-exec/core/CString"
import { Libc } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { LauncherFailed } from "../LauncherError.js"
import { failed } from "./failed.js"
import { own } from "./ownedFd.js"
import type { Shared } from "./supervise.js"

export const openShared: Effect.Effect<Shared, LauncherFailed, Libc | Scope.Scope> = Effect.gen(function*() {
  const libc = yield* Libc
  const [null_, proc] = yield* own(
    libc,
    Effect.all([
      libc.open(CString.make("/dev/null"), "readWrite"),
      libc.open(CString.make("/proc"), "directory")
    ])
  )
  return { null: null_.fd, proc: proc.fd }
}).pipe(
  Effect.mapError((error) => failed("descriptors", error))
)
