/**
 * What the operations on namespaces mean.
 */
import { type ExecError, NamespaceFailed } from "@chroot-exec/core/ExecError"
import type { Namespace, Namespaces } from "@chroot-exec/core/operation/Namespaces"
import type { Cases } from "@chroot-exec/core/operation/Shown"
import * as Effect from "effect/Effect"
import type { Call, Syscalls } from "../../Syscalls.js"

/** `linux/sched.h` */
const FLAGS: { readonly [Name in Namespace]: number } = {
  cgroup: 0x0200_0000,
  ipc: 0x0800_0000,
  mount: 0x0002_0000,
  net: 0x4000_0000,
  pid: 0x2000_0000,
  user: 0x1000_0000,
  uts: 0x0400_0000
}

const bits = (namespaces: ReadonlyArray<Namespace>): number =>
  namespaces.reduce((flags, namespace) => flags | FLAGS[namespace], 0)

const failed = (what: string) => <A>(call: Call<A>) =>
  Effect.mapError(call, ({ errno }) => new NamespaceFailed({ what, errno }))

export const namespaces = <Opened>(
  calls: Syscalls<Opened>
): Cases<Namespaces, Effect.Effect<unknown, ExecError>> => ({
  Unshare: (operation) => failed(operation.namespaces.join(", "))(calls.unshare(bits(operation.namespaces))),
  BecomeInit: () => failed("pid")(calls.becomeInit()),
  Hostname: ({ name }) => failed("host name")(calls.sethostname(name))
})
