/**
 * What the operations on mounts mean.
 */
import * as CString from "@chroot-exec/core/CString"
import { type ExecError, MountFailed } from "@chroot-exec/core/ExecError"
import type { MountAttribute, MountFlag, Mounts } from "@chroot-exec/core/operation/Mounts"
import type { Cases } from "@chroot-exec/core/operation/Shown"
import * as Effect from "effect/Effect"
import type { Call, Syscalls } from "../../Syscalls.js"

/** `linux/mount.h`: MS_ */
const FLAGS: { readonly [Name in MountFlag]: number } = {
  bind: 0x1000,
  noatime: 0x400,
  nodev: 4,
  noexec: 8,
  nosuid: 2,
  private: 0x4_0000,
  readonly: 1,
  recursive: 0x4000,
  remount: 0x20
}

/** `linux/mount.h`: MOUNT_ATTR_ */
const ATTRIBUTES: { readonly [Name in MountAttribute]: number } = {
  noatime: 0x10,
  nodev: 4,
  noexec: 8,
  nosuid: 2,
  readonly: 1
}

const bits = <Name extends string>(
  table: { readonly [Key in Name]: number },
  names: ReadonlyArray<Name>
): number => names.reduce((flags, name) => flags | table[name], 0)

const HERE = CString.make(".")
const ROOT = CString.make("/")

const failed = (operation: MountFailed["operation"], target: string) => <A>(call: Call<A>) =>
  Effect.mapError(call, ({ errno }) => new MountFailed({ operation, target, errno }))

export const mounts = <Opened>(
  calls: Syscalls<Opened>
): Cases<Mounts, Effect.Effect<unknown, ExecError>> => ({
  Mount: ({ data, flags, source, target, type }) =>
    failed("mount", target)(calls.mount(source, target, type, bits(FLAGS, flags), data)),
  MountAttributes: ({ attributes, target }) =>
    failed("mount_setattr", target)(calls.mountSetattr(target, bits(ATTRIBUTES, attributes))),
  PivotRoot: ({ root }) =>
    failed("pivot_root", root)(Effect.gen(function*() {
      yield* calls.chdir(root)
      // The old one is on top of the new one then, and is where this process works.
      yield* calls.pivotRoot(HERE, HERE)
      yield* calls.umount(HERE, true)
      yield* calls.chdir(ROOT)
    })),
  Umount: ({ detach, target }) => failed("umount", target)(calls.umount(target, detach))
})
