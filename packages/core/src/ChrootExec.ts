/**
 * The plan of `agent chroot-exec`: from a control file to a step, in place.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Capability from "./Capability.js"
import * as CommandSearch from "./CommandSearch.js"
import type { ControlFile } from "./ControlFile.js"
import * as CString from "./CString.js"
import { MissingCapability } from "./ExecError.js"
import type { ExecPlan } from "./ExecPlan.js"
import { Operation } from "./ExecPlan.js"
import type { Inherited } from "./Inherited.js"
import type { Root } from "./Root.js"
import * as Signal from "./Signal.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ChrootExecRequest {
  readonly control: ControlFile
  readonly root: Root
  readonly inherited: Inherited
}

/** The signals by which people and supervisors end a process. */
const TERMINATING = Signal.set("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")

const enterRoot = (root: Root): ReadonlyArray<Operation> =>
  root._tag === "Local"
    ? []
    // Without the chdir, `.` would still be a directory outside the root.
    : [
      Operation.Chroot({ directory: root.path }),
      Operation.Chdir({ directory: CString.make("/"), role: "root" })
    ]

/**
 * Finding the command, making it executable and merging the environment. A bare name is searched on the merged
 * PATH, so that its environment comes first; a path is checked before `env` runs, so that a step that is not
 * there costs nothing.
 */
const findCommand = ({ control, inherited }: ChrootExecRequest): ReadonlyArray<Operation> => {
  const [command] = control.cmd
  const merge = Operation.MergeEnvironment({
    container: inherited.environment,
    skyhook: control.env,
    stopOn: TERMINATING & ~inherited.ignored & ~Option.getOrElse(inherited.blocked, () => 0n)
  })
  const find = Operation.FindCommand({ command, directory: control.copy_dir })
  const check = Operation.CheckDirectory({ directory: control.copy_dir, role: "copy_dir" })
  const chmod = control.no_chmod ? [] : [Operation.AddExecuteBits()]
  return CommandSearch.isBareName(command) ? [check, merge, find, ...chmod] : [find, check, ...chmod, merge]
}

/** Last of all, since the agent needs what it has until then. */
const restore = ({ blocked, ignored, openFiles }: Inherited): ReadonlyArray<Operation> => [
  Operation.RestoreSignals({ ignored, blocked: Option.getOrUndefined(blocked) }),
  ...Option.match(openFiles, { onNone: () => [], onSome: (soft) => [Operation.RestoreOpenFiles({ soft })] })
]

/**
 * What to do, in order, to become the step; or why that is refused, in which case nothing is to be done.
 *
 * Refused (`MissingCapability`): a root other than `local` without CAP_SYS_CHROOT, when the process knows its
 * capabilities. Everything else about the request was checked when it was decoded.
 *
 * Descriptors come first: neither `env` nor the step, which both belong to the root, may get hold of a directory
 * outside it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planChrootExec = (request: ChrootExecRequest): Either.Either<ExecPlan, MissingCapability> => {
  const { control, inherited, root } = request
  const capability = "CAP_SYS_CHROOT"
  if (
    root._tag === "Directory"
    && Option.exists(inherited.capabilities, (capabilities) => !Capability.has(capabilities, capability))
  ) return Either.left(new MissingCapability({ capability, directory: root.path }))
  return Either.right({
    operations: [
      // At once, so that such a signal does not end the agent either.
      Operation.IgnoreSignals({ signals: inherited.ignored & TERMINATING }),
      Operation.CloseFds({ first: 3 }),
      Operation.KeepStdio(inherited.stdio),
      Operation.OpenNull(),
      ...enterRoot(root),
      ...findCommand(request),
      Operation.Chdir({ directory: control.copy_dir, role: "copy_dir" }),
      ...restore(inherited),
      Operation.Execve({ argv: control.cmd })
    ]
  })
}
