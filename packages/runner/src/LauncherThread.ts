/**
 * The launcher whose steps are children of a thread of this process.
 *
 * @since 0.1.0
 */
import { planProgram, planStep } from "@chroot-exec/core/ChrootExec"
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExecError from "@chroot-exec/core/ExecError"
import { type ExecPlan, FixedOperation, type FixedPlan } from "@chroot-exec/core/ExecPlan"
import type { ResourceLimit } from "@chroot-exec/core/operation/Process"
import { Root } from "@chroot-exec/core/Root"
import { effectiveCapabilities, softLimit } from "@chroot-exec/sys/CallerState"
import type { KnownEnvironment, Launched, Request } from "@chroot-exec/sys/LaunchProtocol"
import { Libc } from "@chroot-exec/sys/Libc"
import type { Supervision } from "@chroot-exec/sys/Supervised"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { resolve } from "node:path"
import { attempt } from "./internal/attempt.js"
import { checkRequest } from "./internal/checkRequest.js"
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

/** Why there is no step. */
const notStarted = ({ errno, why }: NotStarted): LauncherFailed | ExecError.ExecError =>
  Option.getOrElse(why, () => failed("supervisor", { errno }))

/** Why there is no `env`. */
const envNotStarted = ({ errno, why }: NotStarted): LauncherFailed | ExecError.ExecError =>
  Option.isNone(why) ? failed("supervisor", { errno }) : new ExecError.EnvironmentUnreadable({
    // What is too large is the environment.
    reason: Errno.is(errno, "E2BIG") ? "SystemCall" : "NotExecutable",
    errno: Option.some(errno)
  })

/** What the supervisor carries out, for the errors of that: with the files that the thread has found. */
const supervised = (become: ExecPlan["become"], { files }: Launched): FixedPlan => ({
  enter: [],
  become: become.map((operation) =>
    operation._tag === "ExecveFound"
      ? FixedOperation.Execve({ files, argv: operation.argv, environment: {} })
      : operation
  )
})

/** The root's environment has to be asked for first. What was made for a step until then is closed with this failure. */
class EnvironmentNeeded extends Data.TaggedError("EnvironmentNeeded")<{}> {}

const make = Effect.gen(function*() {
  const libc = yield* Libc
  const shared = yield* openShared
  const thread = yield* makeThread
  const environments = new RootEnvironments()
  const capabilities = yield* effectiveCapabilities

  /** Starts a supervisor by way of the thread. */
  const launchOnThread = (
    streams: Streams,
    become: ExecPlan["become"],
    ask: (supervision: Supervision) => Request
  ) =>
    Effect.gen(function*() {
      let identity: string | null = null
      const running = yield* supervise(shared, streams, (supervision) =>
        Effect.gen(function*() {
          const { home, result } = yield* thread.ask(ask(supervision))
          if (result._tag === "Left") return yield* result.left
          const launched = result.right
          if (launched._tag === "EnvironmentUnknown") return yield* new EnvironmentNeeded()
          identity = launched.identity
          const supervisor = { pid: launched.pid, plan: supervised(become, launched) }
          // It may be in a root where it should not be, and the thread is gone.
          return home._tag === "Right" ? supervisor : { ...supervisor, failure: failed("thread", home.left) }
        }))
      return { running, identity }
    }).pipe(
      Effect.provideService(Libc, libc),
      Effect.catchTag("SyscallError", ({ errno }) => failed("supervisor", { errno })),
      attempt
    )

  const limitOf = ({ openFiles }: LaunchRequest) =>
    Effect.map(
      Effect.provideService(Effect.transposeMapOption(openFiles, softLimit), Libc, libc),
      Option.flatten
    )

  /** The root's `env`, which is asked with these arguments and this environment. */
  const launchEnv = (request: LaunchRequest, root: Root, openFiles: Option.Option<ResourceLimit>) =>
    askEnvironment(request.environment, (argv, environment) => {
      const { become } = planProgram({ root, files: [argv[0]], argv, environment, openFiles })
      const { environment: container } = request
      // What it says on standard error is not the step's.
      return launchOnThread({ stdin: "empty", stderr: shared.null }, become, (supervision) => ({
        _tag: "LaunchEnv",
        root,
        container,
        argv,
        environment,
        openFiles: Option.getOrUndefined(openFiles),
        supervision
      })).pipe(Effect.catchTags({
        NotStarted: (error) => Effect.fail(envNotStarted(error)),
        EnvironmentNeeded: () => Effect.dieMessage("env itself was to be run")
      }))
    })

  /** Asks the root's `env`, and remembers the answer where it is one that lasts. */
  const learn = (request: LaunchRequest, root: Root, openFiles: Option.Option<ResourceLimit>) =>
    Effect.map(Effect.scoped(launchEnv(request, root, openFiles)), ({ environment, identity }) => {
      if (identity !== null) environments.set(nameOf(root), request.environment, { identity, environment })
      return { identity: undefined, environment }
    })

  const launch = (request: LaunchRequest): Effect.Effect<RunningStep, LaunchError, Scope.Scope> =>
    Effect.gen(function*() {
      yield* checkRequest(request)
      const { control, environment, stdin } = request
      const root = absolute(request.root)
      const openFiles = yield* limitOf(request)
      const plan = yield* planStep({ control, root, environment, capabilities, openFiles })
      const launchStep = (known: KnownEnvironment | undefined) =>
        launchOnThread({ stdin }, plan.become, (supervision) => ({
          _tag: "LaunchStep",
          plan,
          known,
          supervision
        })).pipe(Effect.catchTag("NotStarted", (error) => Effect.fail(notStarted(error))))
      const { running } = yield* launchStep(environments.get(nameOf(root), environment)).pipe(
        Effect.catchTag(
          "EnvironmentNeeded",
          () => Effect.flatMap(learn(request, root, openFiles), launchStep)
        ),
        Effect.catchTag(
          "EnvironmentNeeded",
          () => Effect.dieMessage("an environment that was just read is known")
        )
      )
      return running
    })
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
