/**
 * Carrying out a plan on a thread whose root is its own: a child of it becomes the step, and the thread returns to
 * where it was.
 *
 * All of it is synchronous: while a step is being launched, nothing else happens on the thread.
 *
 * @since 0.1.0
 */
import { enterRoot, planProgram } from "@chroot-exec/core/ChrootExec"
import * as CString from "@chroot-exec/core/CString"
import { processEnv } from "@chroot-exec/core/Environment"
import type { FixedPlan } from "@chroot-exec/core/ExecPlan"
import * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Fd } from "./Brands.js"
import { enter, filesOf, resolve } from "./internal/interpret.js"
import { isElf } from "./internal/isElf.js"
import type { Executable } from "./internal/locate.js"
import { EnvironmentUnknown, Launched, type LaunchError, type Reply, type Request } from "./LaunchProtocol.js"
import { Libc, type SyscallError } from "./Libc.js"
import { findEnv } from "./RootEnvironment.js"
import * as Supervised from "./Supervised.js"

/**
 * Where the thread returns to, and where the supervisor is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Home {
  readonly root: Fd
  /** The directory of the supervisor's program, which is outside all roots. */
  readonly supervisor: Fd
  /** The program's name there. */
  readonly program: CString.CString
}

const ROOT = CString.make("/")
const HERE = CString.make(".")

type RequestOf<Tag extends Request["_tag"]> = Extract<Request, { readonly _tag: Tag }>

/**
 * Gives the thread a root of its own, and remembers the one that it has. The rest of the process is not affected.
 *
 * @since 0.1.0
 * @category operations
 */
export const leaveProcess = (
  supervisor: { readonly directory: CString.CString; readonly program: CString.CString }
): Effect.Effect<Home, SyscallError, Libc> =>
  Effect.gen(function*() {
    const libc = yield* Libc
    yield* libc.unshareFs()
    return {
      root: yield* libc.open(ROOT, "directory"),
      supervisor: yield* libc.open(supervisor.directory, "directory"),
      program: CString.make(`./${supervisor.program}`)
    }
  })

/** Starts the supervisor from where it is, outside the root: its own root is that of the thread. */
const spawn = (home: Home, become: FixedPlan["become"], supervision: Supervised.Supervision) =>
  Effect.flatMap(Libc, (libc) =>
    Effect.zipRight(
      libc.fchdir(home.supervisor),
      Supervised.spawn(home.program, { enter: [], become }, supervision)
    ))

const identityOf = (files: ReadonlyArray<Executable>): string =>
  files.map(({ path, status }) => `${path} ${status.identity}`).join("\n")

/** What is known of the root's environment does not hold for the `env` that is there. */
class Unknown extends Data.TaggedError("Unknown")<{}> {}

const launchStep = (home: Home, { known, plan, supervision }: RequestOf<"LaunchStep">) =>
  Effect.gen(function*() {
    const state = yield* enter<LaunchError | Unknown, Libc>(plan, ({ container, skyhook }) =>
      Effect.flatMap(
        findEnv(container),
        (files) =>
          known !== undefined && (known.identity ?? identityOf(files)) === identityOf(files)
            ? Effect.succeed(processEnv(container, skyhook, known.environment))
            : new Unknown()
      ))
    const become = yield* resolve(plan, state)
    const pid = yield* spawn(home, become, supervision)
    return Launched.make({ pid, files: yield* filesOf(become), identity: null })
  }).pipe(Effect.catchTag("Unknown", () => Effect.succeed(EnvironmentUnknown.make())))

const noEnvironment = () => Effect.dieMessage("entering a root merges no environment")

const launchEnv = (home: Home, request: RequestOf<"LaunchEnv">) =>
  Effect.gen(function*() {
    const { argv, container, environment, openFiles, root, supervision } = request
    yield* enter({ enter: enterRoot(root), become: [] }, noEnvironment)
    const found = yield* findEnv(container)
    const lasting = yield* Effect.every(found, ({ path }) => isElf(path))
    const files = Arr.map(found, ({ path }) => path)
    const { become } = planProgram({
      root,
      files,
      argv,
      environment,
      openFiles: Option.fromNullable(openFiles)
    })
    const pid = yield* spawn(home, become, supervision)
    return Launched.make({ pid, files, identity: lasting ? identityOf(found) : null })
  })

/** A local step has not left the root, and may lack the privilege to enter it. */
const entersRoot = (request: Request): boolean =>
  request._tag === "LaunchStep"
    ? request.plan.enter.some(({ _tag }) => _tag === "Chroot")
    : request.root._tag === "Directory"

const goHome = (home: Home, request: Request): Effect.Effect<void, SyscallError, Libc> =>
  Effect.flatMap(Libc, (libc) =>
    Effect.zipRight(
      libc.fchdir(home.root),
      entersRoot(request) ? libc.chroot(HERE) : Effect.void
    ))

/**
 * Serves one request, on the thread that `leaveProcess` was run on. Never fails: the reply says what has happened.
 *
 * @since 0.1.0
 * @category operations
 */
export const serve = (home: Home, request: Request): Effect.Effect<Reply, never, Libc> =>
  Effect.gen(function*() {
    const result = yield* Effect.either<Launched | EnvironmentUnknown, LaunchError, Libc>(
      request._tag === "LaunchStep" ? launchStep(home, request) : launchEnv(home, request)
    )
    return { result, home: yield* Effect.either(goHome(home, request)) }
  })
