/**
 * What the operations on credentials mean.
 */
import { CredentialsFailed, type ExecError } from "@chroot-exec/core/ExecError"
import type { Credentials } from "@chroot-exec/core/operation/Credentials"
import type { Cases } from "@chroot-exec/core/operation/Shown"
import * as Effect from "effect/Effect"
import type { Call, Syscalls } from "../../Syscalls.js"

/** As many as a set has room for: kernels have 41, and may get more. */
const CAPABILITIES = Array.from({ length: 64 }, (_, number) => number)

const failed = (what: CredentialsFailed["what"]) => <A>(call: Call<A>) =>
  Effect.mapError(call, ({ errno }) => new CredentialsFailed({ what, errno }))

export const credentials = <Opened>(
  calls: Syscalls<Opened>
): Cases<Credentials, Effect.Effect<unknown, ExecError>> => ({
  SetGroups: ({ groups }) => failed("groups")(calls.setgroups(groups)),
  // The group first: a user that has been set may not do that any more.
  SetIds: ({ gid, uid }) => failed("user")(Effect.zipRight(calls.setresgid(gid), calls.setresuid(uid))),
  DropCapabilities: () =>
    failed("capabilities")(Effect.gen(function*() {
      for (const capability of CAPABILITIES) yield* calls.dropBounding(capability)
      yield* calls.clearAmbient()
      yield* calls.clearCapabilities()
    })),
  NoNewPrivileges: () => failed("no new privileges")(calls.setNoNewPrivileges())
})
