/**
 * Operations on what the step may do: credentials(7), capabilities(7).
 *
 * @since 0.1.0
 */
import type * as Data from "effect/Data"
import type { Cases, Fields } from "./Shown.js"

/**
 * Errors in parentheses; see `ExecError`.
 *
 * - `SetGroups`: the supplementary groups, setgroups(2) (`CredentialsFailed`).
 * - `SetIds`: real, effective and saved user and group, setresgid(2) and setresuid(2) (`CredentialsFailed`).
 * - `DropCapabilities`: have none, and none that could be had again: ambient, bounding, inheritable, permitted and
 *   effective (`CredentialsFailed`). Of a process that has none, the bounding set stays as it is.
 * - `NoNewPrivileges`: execve(2) gives no more than there is, PR_SET_NO_NEW_PRIVS (`CredentialsFailed`).
 *
 * @since 0.1.0
 * @category models
 */
export type Credentials = Data.TaggedEnum<{
  SetGroups: { readonly groups: ReadonlyArray<number> }
  SetIds: { readonly uid: number; readonly gid: number }
  DropCapabilities: {}
  NoNewPrivileges: {}
}>

/**
 * @since 0.1.0
 * @category conversions
 */
export const fields: Cases<Credentials, Fields> = {
  SetGroups: ({ groups }) => ({ groups }),
  SetIds: ({ gid, uid }) => ({ uid, gid }),
  DropCapabilities: () => ({}),
  NoNewPrivileges: () => ({})
}
