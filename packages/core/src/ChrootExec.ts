/**
 * The plans of a step: from a control file to a step in place, as `agent chroot-exec`, or as a child of a launcher.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Capability from "./Capability.js"
import * as CommandSearch from "./CommandSearch.js"
import type { ControlFile } from "./ControlFile.js"
import * as CString from "./CString.js"
import type { Environment } from "./Environment.js"
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
  /** The process whose end is to be the step's end, too: the parent. */
  readonly parent?: number
  /** A descriptor, above 2, on which a launcher hears that the step starts. */
  readonly report?: number
}

/**
 * What a step that a launcher starts has to be like. The rest is for the launcher to give: signals at their default,
 * standard streams, a limit of open files.
 *
 * @since 0.1.0
 * @category models
 */
export interface StepRequest {
  readonly control: ControlFile
  readonly root: Root
  /** The container's environment. */
  readonly environment: Environment
  /** The effective capabilities of the process, when they are known. */
  readonly capabilities: Option.Option<Capability.CapabilitySet>
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
const findCommand = (
  { control, environment }: StepRequest,
  stopOn: Signal.SignalSet
): ReadonlyArray<Operation> => {
  const [command] = control.cmd
  const merge = Operation.MergeEnvironment({ container: environment, skyhook: control.env, stopOn })
  const find = Operation.FindCommand({ command, directory: control.copy_dir })
  const check = Operation.CheckDirectory({ directory: control.copy_dir, role: "copy_dir" })
  const chmod = control.no_chmod ? [] : [Operation.AddExecuteBits()]
  return CommandSearch.isBareName(command) ? [check, merge, find, ...chmod] : [find, check, ...chmod, merge]
}

/** From outside the root to all that the step's execve(2) takes. */
const prepare = (request: StepRequest, stopOn: Signal.SignalSet): ReadonlyArray<Operation> => [
  ...enterRoot(request.root),
  ...findCommand(request, stopOn),
  Operation.Chdir({ directory: request.control.copy_dir, role: "copy_dir" })
]

const CAPABILITY = "CAP_SYS_CHROOT"

/** The request, unless it is known to end at chroot(2). */
const permit = ({ capabilities, root }: Pick<StepRequest, "capabilities" | "root">) =>
  root._tag === "Directory" && Option.exists(capabilities, (set) => !Capability.has(set, CAPABILITY))
    ? Either.left(new MissingCapability({ capability: CAPABILITY, directory: root.path }))
    : Either.void

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
  const { control, inherited, parent, report, root } = request
  const step = { control, root, environment: inherited.environment, capabilities: inherited.capabilities }
  const stopOn = TERMINATING & ~inherited.ignored & ~Option.getOrElse(inherited.blocked, () => 0n)
  return Either.map(permit(step), () => ({
    operations: [
      // At once, so that such a signal does not end the agent either.
      Operation.IgnoreSignals({ signals: inherited.ignored & TERMINATING }),
      Operation.CloseFds({ first: 3 }),
      Operation.KeepStdio(inherited.stdio),
      Operation.OpenNull(),
      ...prepare(step, stopOn),
      ...(parent === undefined ? [] : [Operation.DieWithParent({ parent })]),
      ...restore(inherited),
      ...(report === undefined ? [] : [Operation.Announce({ fd: report })]),
      Operation.Execve({ argv: control.cmd })
    ]
  }))
}

/**
 * What a launcher's thread has to do so that a child of it is the step; or why that is refused (`MissingCapability`),
 * in which case nothing is to be done. `Execve` is the child's. A launcher has its own ways to stop: no signal does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planStep = (request: StepRequest): Either.Either<ExecPlan, MissingCapability> =>
  Either.map(permit(request), () => ({
    operations: [...prepare(request, 0n), Operation.Execve({ argv: request.control.cmd })]
  }))

/**
 * What comes before the root's `env` is run by a launcher: entering the root.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planEnter = (root: Root): ExecPlan => ({ operations: enterRoot(root) })
