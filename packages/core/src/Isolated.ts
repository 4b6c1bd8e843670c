/**
 * Plans of programs in namespaces of their own, below the supervisor, which is pid 1 there.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import { becomeProgram, type ProgramRequest } from "./ChrootExec.js"
import * as CString from "./CString.js"
import { type FixedOperation, type FixedPlan, Operation } from "./ExecPlan.js"
import type { Namespace } from "./operation/Namespaces.js"

/**
 * A program in namespaces of its own, in the root that its maker has.
 *
 * @since 0.1.0
 * @category models
 */
export interface IsolatedRequest extends Omit<ProgramRequest, "root"> {
  /** Besides those of mounts and processes, which it always has. */
  readonly namespaces: ReadonlyArray<Exclude<Namespace, "mount" | "pid" | "user">>
  /** Who makes it, in a user namespace where it stays that user; none for who has the privileges without one. */
  readonly user: Option.Option<{ readonly uid: number; readonly gid: number }>
  readonly hostname: Option.Option<CString.CString>
}

const NONE = CString.make("none")
const EMPTY = CString.make("")
const PROC = CString.make("/proc")

const write = (path: string, content: string) => Operation.WriteFile({ path: CString.make(path), content })

/** user_namespaces(7): a user alone may only be mapped to itself, once its groups cannot be changed any more. */
const mapToItself = ({ gid, uid }: { readonly uid: number; readonly gid: number }) => [
  write("/proc/self/setgroups", "deny"),
  write("/proc/self/uid_map", `${uid} ${uid} 1`),
  write("/proc/self/gid_map", `${gid} ${gid} 1`)
]

/** What is mounted in there stays in there, and `/proc` shows the processes that are in there. */
const mounts = [
  Operation.Mount({
    source: NONE,
    target: CString.make("/"),
    type: EMPTY,
    flags: ["recursive", "private"],
    data: EMPTY
  }),
  Operation.Mount({
    source: CString.make("proc"),
    target: PROC,
    type: CString.make("proc"),
    flags: ["nosuid", "nodev", "noexec"],
    data: EMPTY
  })
]

const enter = ({ hostname, namespaces, user }: IsolatedRequest): ReadonlyArray<FixedOperation> => [
  Operation.Unshare({
    namespaces: [...(Option.isSome(user) ? ["user" as const] : []), "mount", "pid", ...namespaces]
  }),
  ...Option.match(user, { onNone: () => [], onSome: mapToItself }),
  Operation.BecomeInit(),
  ...mounts,
  ...Option.match(hostname, { onNone: () => [], onSome: (name) => [Operation.Hostname({ name })] })
]

/**
 * The plan of such a program: it works in `/`, and neither has nor gets capabilities. When it, or whoever watches it, is
 * gone, the kernel ends all that is in there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planIsolated = (request: IsolatedRequest): FixedPlan => ({
  enter: enter(request),
  become: becomeProgram(request, [Operation.DropCapabilities(), Operation.NoNewPrivileges()])
})
