/**
 * Operations on what is mounted.
 *
 * @since 0.1.0
 */
import type * as Data from "effect/Data"
import type { CString } from "../CString.js"
import type { Cases, Fields } from "./Shown.js"

/**
 * A flag of mount(2), or, but for those about binds and propagation, an attribute of mount_setattr(2).
 *
 * @since 0.1.0
 * @category models
 */
export type MountFlag =
  | "bind"
  | "noatime"
  | "nodev"
  | "noexec"
  | "nosuid"
  | "private"
  | "readonly"
  | "recursive"
  | "remount"

/**
 * What mount_setattr(2) sets.
 *
 * @since 0.1.0
 * @category models
 */
export type MountAttribute = Extract<MountFlag, "noatime" | "nodev" | "noexec" | "nosuid" | "readonly">

/**
 * Errors in parentheses; see `ExecError`. Symbolic links are followed: targets are nobody's who could make one.
 *
 * - `Mount`: mount(2) (`MountFailed`). `data` is what the file system takes, such as `size=1m`.
 * - `MountAttributes`: of what is mounted there and all below it, mount_setattr(2) (`MountFailed`).
 * - `PivotRoot`: make `root`, where something is mounted, the root of the mount namespace, and let go of the old one:
 *   pivot_root(2) (`MountFailed`).
 * - `Umount`: umount2(2) (`MountFailed`); `detach`: at once for who looks anew, and for all once nobody uses it.
 *
 * @since 0.1.0
 * @category models
 */
export type Mounts = Data.TaggedEnum<{
  Mount: {
    readonly source: CString
    readonly target: CString
    readonly type: CString
    readonly flags: ReadonlyArray<MountFlag>
    readonly data: CString
  }
  MountAttributes: { readonly target: CString; readonly attributes: ReadonlyArray<MountAttribute> }
  PivotRoot: { readonly root: CString }
  Umount: { readonly target: CString; readonly detach: boolean }
}>

/**
 * @since 0.1.0
 * @category conversions
 */
export const fields: Cases<Mounts, Fields> = {
  Mount: ({ data, flags, source, target, type }) => ({ source, target, type, flags, data }),
  MountAttributes: ({ attributes, target }) => ({ target, attributes }),
  PivotRoot: ({ root }) => ({ root }),
  Umount: ({ detach, target }) => ({ target, detach: String(detach) })
}
