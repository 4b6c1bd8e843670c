/**
 * The launcher whose steps are children of a thread of this process.
 *
 * @since 0.1.0
 */
import { planStep } from "@chroot-exec/core/ChrootExec"
import * as CString from "@chroot-exec/core/CString"
import * as ExecError from "@chroot-exec/core/ExecError"
import { Root } from "@chroot-exec/core/Root"
import { effectiveCapabilities } from "@chroot-exec/sys/CallerState"
import type { KnownEnvironment, NeedEnvironment, Request, Supervision } from "@chroot-exec/sys/LaunchProtocol"
import { Libc } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { resolve } from "node:path"
import { attempt } from "./internal/attempt.js"
import { failed } from "./internal/failed.js"
import { askEnvironment, RootEnvironments } from "./internal/rootEnvironments.js"
import { openShared } from "./internal/shared.js"
import { type NotStarted, type Streams, supervise } from "./internal/supervise.js"
import { makeThread } from "./internal/thread.js"
import { Launcher, type LaunchRequest, type RunningStep } from "./Launcher.js"
import type { LauncherFailed, LaunchError } from "./LauncherError.js"

/** The thread has the working directory of the process only as long as it has not left it. */
const absolute = (root: Root): Root =>
  root._tag === "Local" ? root : Root.Directory({ path: CString.make(resolve(root.path)) })

const nameOf = (root: Root): string => root._tag === "Local" ? "" : root.path

/** Why there is no step, in the words of its plan. */
const notStarted = (
  { errno, place }: NotStarted,
  { control }: LaunchRequest
): LauncherFailed | ExecError.ExecError => {
  switch (place) {
    case "directory":
      return new ExecError.DirectoryUnusable({ role: "copy_dir", path: control.copy_dir, errno })
    case "execve":
      return ExecError.fromExecve(control.cmd[0], errno)
    case "limit":
      return new ExecError.RestoreFailed({ what: "limit of open files", errno })
    case "supervisor":
      return failed("supervisor", { errno })
  }
}

/** Why there is no `env`. */
const envNotStarted = ({ errno, place }: NotStarted): LauncherFailed | ExecError.ExecError =>
  place === "supervisor"
    ? failed("supervisor", { errno })
    : new ExecError.EnvironmentUnreadable({ reason: "NotExecutable", errno: Option.some(errno) })

type Supervised = { readonly running: RunningStep; readonly identity: string | null }

const make = Effect.gen(function*() {
  const libc = yield* Libc
  const shared = yield* openShared
  const thread = yield* makeThread
  const environments = new RootEnvironments()
  const capabilities = yield* effectiveCapabilities

  /** Starts a supervisor by way of the thread. */
  const launchOnThread = (
    streams: Streams,
    openFiles: LaunchRequest["openFiles"],
    ask: (supervision: Supervision) => Request
  ): Effect.Effect<
    Supervised,
    ExecError.ExecError | LauncherFailed | NeedEnvironment | NotStarted,
    Scope.Scope
  > =>
    Effect.gen(function*() {
      let identity: string | null = null
      const running = yield* supervise(shared, streams, (descriptors) =>
        Effect.gen(function*() {
          const { home, result } = yield* thread.ask(
            ask({ descriptors, openFiles: Option.getOrUndefined(openFiles) })
          )
          if (result._tag === "Left") return yield* result.left
          identity = result.right.identity
          const { pid } = result.right
          // It may be in a root where it should not be, and the thread is gone.
          return home._tag === "Right" ? { pid } : { pid, failure: failed("thread", home.left) }
        }))
      return { running, identity }
    }).pipe(
      Effect.provideService(Libc, libc),
      Effect.catchTag("SyscallError", ({ errno }) => failed("supervisor", { errno })),
      attempt
    )

  const launchEnv = (request: LaunchRequest, root: Root) =>
    askEnvironment(request.environment, (argv, environment) =>
      launchOnThread(
        // What it says on standard error is not the step's.
        { stdin: "empty", stderr: shared.null },
        request.openFiles,
        (supervision) => ({
          _tag: "LaunchEnv",
          root,
          container: request.environment,
          argv,
          environment,
          supervision
        })
      ).pipe(Effect.catchTags({
        NotStarted: (error) => Effect.fail(envNotStarted(error)),
        NeedEnvironment: () => Effect.dieMessage("env itself was to be run")
      })))

  const launchStep = (
    request: LaunchRequest,
    root: Root,
    known: KnownEnvironment | undefined
  ): Effect.Effect<RunningStep, LaunchError | NeedEnvironment, Scope.Scope> =>
    Effect.gen(function*() {
      const { control, environment, openFiles, stdin } = request
      const plan = yield* planStep({ control, root, environment, capabilities })
      const { running } = yield* launchOnThread({ stdin }, openFiles, (supervision) => ({
        _tag: "LaunchStep",
        plan,
        directory: control.copy_dir,
        known,
        supervision
      })).pipe(Effect.catchTag("NotStarted", (error) => Effect.fail(notStarted(error, request))))
      return running
    })

  /** Asks the root's `env`, and remembers the answer where it is one that lasts. */
  const learn = (request: LaunchRequest, root: Root) =>
    Effect.map(Effect.scoped(launchEnv(request, root)), ({ environment, identity }) => {
      if (identity !== null) environments.set(nameOf(root), request.environment, { identity, environment })
      return { identity: undefined, environment }
    })

  const launch = (request: LaunchRequest) => {
    const root = absolute(request.root)
    return launchStep(request, root, environments.get(nameOf(root), request.environment)).pipe(
      Effect.catchTag(
        "NeedEnvironment",
        () => Effect.flatMap(learn(request, root), (known) => launchStep(request, root, known))
      ),
      Effect.catchTag(
        "NeedEnvironment",
        () => Effect.dieMessage("an environment that was just read is known")
      )
    )
  }
  return { launch }
})

/**
 * A launcher for Linux whose steps are started by a thread of this process with a root of its own: nothing of the
 * process itself changes, and a start costs about as much as the kernel takes for it. Any number of steps with different
 * roots may be started at once. What the `env` of a root prints is remembered while it is the same program.
 *
 * Fails with `LauncherFailed` when there can be no such thread.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Launcher, LauncherFailed, Libc> = Layer.scoped(Launcher, make)
