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
import type { ExecPlan, FixedOperation, FixedPlan } from "./ExecPlan.js"
import { Operation } from "./ExecPlan.js"
import type { Inherited } from "./Inherited.js"
import type { Finding } from "./operation/Finding.js"
import type { ResourceLimit } from "./operation/Process.js"
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
 * What a step that a launcher starts has to be like. The rest is for the launcher to give: standard streams.
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
  /** The limit of open files; none for that of the launcher's process. */
  readonly openFiles: Option.Option<ResourceLimit>
}

/** The signals by which people and supervisors end a process. */
const TERMINATING = Signal.set("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")

/**
 * Entering a root.
 *
 * @since 0.1.0
 * @category constructors
 */
export const enterRoot = (root: Root): ReadonlyArray<FixedOperation> =>
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
  { control, environment }: Pick<StepRequest, "control" | "environment">,
  stopOn: Signal.SignalSet
): ReadonlyArray<Finding> => {
  const [command] = control.cmd
  const merge = Operation.MergeEnvironment({ container: environment, skyhook: control.env, stopOn })
  const find = Operation.FindCommand({ command, directory: control.copy_dir })
  const check = Operation.CheckDirectory({ directory: control.copy_dir, role: "copy_dir" })
  const chmod = control.no_chmod ? [] : [Operation.AddExecuteBits()]
  return CommandSearch.isBareName(command) ? [check, merge, find, ...chmod] : [find, check, ...chmod, merge]
}

/** From outside the root to all that the step's execve(2) takes. */
const prepare = (
  request: Pick<StepRequest, "control" | "environment" | "root">,
  stopOn: Signal.SignalSet
) => [
  ...enterRoot(request.root),
  ...findCommand(request, stopOn)
]

const workIn = ({ copy_dir }: ControlFile) => Operation.Chdir({ directory: copy_dir, role: "copy_dir" })

const CAPABILITY = "CAP_SYS_CHROOT"

/** The request, unless it is known to end at chroot(2). */
const permit = ({ capabilities, root }: Pick<StepRequest, "capabilities" | "root">) =>
  root._tag === "Directory" && Option.exists(capabilities, (set) => !Capability.has(set, CAPABILITY))
    ? Either.left(new MissingCapability({ capability: CAPABILITY, directory: root.path }))
    : Either.void

const limitOpenFiles = Option.match({
  onNone: () => [],
  onSome: (limit: ResourceLimit) => [Operation.LimitOpenFiles(limit)]
})

/** Last of all, since the agent needs what it has until then. */
const restore = ({ blocked, ignored, openFiles }: Inherited) => [
  Operation.RestoreSignals({ ignored, blocked: Option.getOrUndefined(blocked) }),
  ...limitOpenFiles(openFiles)
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
  const { capabilities, environment, ignored, stdio } = inherited
  const stopOn = TERMINATING & ~ignored & ~Option.getOrElse(inherited.blocked, () => 0n)
  return Either.map(permit({ capabilities, root }), () => ({
    enter: [
      // At once, so that such a signal does not end the agent either.
      Operation.IgnoreSignals({ signals: ignored & TERMINATING }),
      Operation.CloseFds({ first: 3 }),
      Operation.KeepStdio(stdio),
      Operation.OpenNull(),
      ...prepare({ control, environment, root }, stopOn)
    ],
    become: [
      workIn(control),
      ...(parent === undefined ? [] : [Operation.DieWithParent({ parent })]),
      ...restore(inherited),
      ...(report === undefined ? [] : [Operation.Announce({ fd: report })]),
      Operation.ExecveFound({ argv: control.cmd })
    ]
  }))
}

/** What every process below the supervisor has: a group for its signals, an end, and signals at their default. */
const supervised = (
  openFiles: Option.Option<ResourceLimit>,
  confinement: ReadonlyArray<FixedOperation> = []
) => [
  Operation.NewGroup(),
  // The kernel forgets it with a change of credentials.
  ...confinement,
  Operation.DieWithParent({ parent: "maker" }),
  Operation.RestoreSignals({ ignored: 0n, blocked: 0n }),
  ...limitOpenFiles(openFiles)
]

/**
 * What a launcher's thread and its supervisor have to do so that a child of that is the step; or why that is refused
 * (`MissingCapability`), in which case nothing is to be done. A launcher has its own ways to stop: no signal does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planStep = (request: StepRequest): Either.Either<ExecPlan, MissingCapability> =>
  Either.map(permit(request), () => ({
    enter: prepare(request, 0n),
    become: [
      ...supervised(request.openFiles),
      workIn(request.control),
      Operation.ExecveFound({ argv: request.control.cmd })
    ]
  }))

/**
 * A program that a launcher runs as it is, in a root.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProgramRequest extends Omit<Extract<FixedOperation, { readonly _tag: "Execve" }>, "_tag"> {
  readonly root: Root
  readonly openFiles: Option.Option<ResourceLimit>
}

/**
 * The second stage of such a program, which works in `/`; `confinement` is what it loses before.
 *
 * @since 0.1.0
 * @category constructors
 */
export const becomeProgram = (
  { argv, environment, files, openFiles }: Omit<ProgramRequest, "root">,
  confinement: ReadonlyArray<FixedOperation> = []
): FixedPlan["become"] => [
  ...supervised(openFiles, confinement),
  Operation.Chdir({ directory: CString.make("/"), role: "root" }),
  Operation.Execve({ argv, environment, files })
]

/**
 * The plan of such a program: of the root's `env`, or of an agent that becomes the step.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planProgram = (request: ProgramRequest): FixedPlan => ({
  enter: enterRoot(request.root),
  become: becomeProgram(request)
})
