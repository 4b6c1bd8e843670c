/**
 * Operations that give a process surroundings of its own: namespaces(7).
 *
 * @since 0.1.0
 */
import type * as Data from "effect/Data"
import type { CString } from "../CString.js"
import type { Cases, Fields } from "./Shown.js"

/**
 * A kind of namespace, by the name that unshare(1) has for it.
 *
 * @since 0.1.0
 * @category models
 */
export type Namespace = "cgroup" | "ipc" | "mount" | "net" | "pid" | "user" | "uts"

/**
 * Errors in parentheses; see `ExecError`.
 *
 * - `Unshare`: leave the caller's namespaces of these kinds for new ones, unshare(2) (`NamespaceFailed`). A user
 *   namespace comes first, and with it no privilege is needed; a process of many threads cannot make one.
 * - `BecomeInit`: what follows, and the step, is in the new pid namespace, whose first process this is: when it ends, the
 *   kernel ends all that is inside (`NamespaceFailed`).
 * - `Hostname`: the name of the machine, sethostname(2) (`NamespaceFailed`).
 *
 * @since 0.1.0
 * @category models
 */
export type Namespaces = Data.TaggedEnum<{
  Unshare: { readonly namespaces: ReadonlyArray<Namespace> }
  BecomeInit: {}
  Hostname: { readonly name: CString }
}>

/**
 * @since 0.1.0
 * @category conversions
 */
export const fields: Cases<Namespaces, Fields> = {
  Unshare: ({ namespaces }) => ({ namespaces }),
  BecomeInit: () => ({}),
  Hostname: ({ name }) => ({ name })
}
