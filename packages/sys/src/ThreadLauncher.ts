/**
 * Carrying out a plan on a thread whose root is its own: a child of it becomes the step, and the thread returns to
 * where it was.
 *
 * All of it is synchronous: while a step is being launched, nothing else happens on the thread.
 *
 * @since 0.1.0
 */
import { planEnter } from "@chroot-exec/core/ChrootExec"
import * as CString from "@chroot-exec/core/CString"
import { type Environment, processEnv, toEntries } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExecError from "@chroot-exec/core/ExecError"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Fd, Pid } from "./Brands.js"
import { interpret } from "./internal/interpret.js"
import { isElf } from "./internal/isElf.js"
import type { Executable } from "./internal/locate.js"
import {
  type Launched,
  type LaunchError,
  NeedEnvironment,
  type Reply,
  type Request,
  type Supervision
} from "./LaunchProtocol.js"
import { Libc, type SyscallError } from "./Libc.js"
import { findEnv } from "./RootEnvironment.js"

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
const SUPERVISOR = CString.make("chroot-exec-supervise")

/** All that can have another action than the default. */
const ALL_SIGNALS = 0xffff_ffff_ffff_ffffn & ~Signal.set("SIGKILL", "SIGSTOP")

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

/**
 * A supervisor and what it is to execute.
 *
 * @since 0.1.0
 * @category models
 */
export interface Supervised {
  /** The supervisor's program. */
  readonly program: CString.CString
  readonly supervision: Supervision
  /** Where the step works. */
  readonly directory: CString.CString
  /** The files that it may be, in the order in which they are tried. */
  readonly paths: ReadonlyArray<CString.CString>
  readonly argv: ReadonlyArray<CString.CString>
  readonly envp: ReadonlyArray<CString.CString>
}

/**
 * Starts a supervisor as a child of the calling thread, in its root: posix_spawn(3). Signals are at their default in it,
 * and none is blocked.
 *
 * @since 0.1.0
 * @category operations
 */
export const superviseProgram = (
  { argv, directory, envp, paths, program, supervision: { descriptors, openFiles } }: Supervised
): Effect.Effect<Pid, SyscallError, Libc> =>
  Effect.flatMap(Libc, (libc) =>
    libc.posixSpawn({
      path: program,
      argv: [
        SUPERVISOR,
        CString.make(String(descriptors.length)),
        CString.make(openFiles === undefined ? "-" : String(openFiles)),
        directory,
        CString.make(String(paths.length)),
        ...paths,
        ...argv
      ],
      envp
    }, { descriptors, defaults: ALL_SIGNALS, blocked: 0n }))

/** Starts the supervisor from where it is, outside the root: its own root is that of the thread. */
const spawn = (
  home: Home,
  step: Omit<Supervised, "envp" | "program"> & { readonly environment: Environment }
): Effect.Effect<Pid, SyscallError, Libc> =>
  Effect.flatMap(Libc, (libc) =>
    Effect.zipRight(
      libc.fchdir(home.supervisor),
      superviseProgram({ ...step, program: home.program, envp: toEntries(step.environment) })
    ))

/** The kernel's limit is for the step, too, which gets the same arguments and environment. */
const tooLarge = <E>(toError: (errno: Errno.Errno) => E) => (error: SyscallError) =>
  Errno.is(error.errno, "E2BIG") ? toError(error.errno) : error

const identityOf = (files: ReadonlyArray<Executable>): string =>
  files.map(({ path, status }) => `${path} ${status.identity}`).join("\n")

const launchStep = (home: Home, request: Extract<Request, { readonly _tag: "LaunchStep" }>) =>
  Effect.gen(function*() {
    let pid: Pid | undefined
    yield* interpret<LaunchError, Libc>(request.plan, {
      mergeEnvironment: ({ container, skyhook }) =>
        Effect.flatMap(
          findEnv(container),
          (files) =>
            request.known !== undefined && (request.known.identity ?? identityOf(files)) === identityOf(files)
              ? Effect.succeed(processEnv(container, skyhook, request.known.environment))
              : new NeedEnvironment()
        ),
      execve: ({ argv }, { environment, found }) =>
        spawn(home, {
          supervision: request.supervision,
          directory: request.directory,
          paths: found.map(({ executePath }) => executePath),
          argv,
          environment
        }).pipe(
          Effect.mapError(
            tooLarge((errno) => new ExecError.CommandNotExecutable({ command: argv[0], errno }))
          ),
          Effect.map((child) => {
            pid = child
          })
        )
    })
    return pid === undefined
      ? yield* Effect.dieMessage("a plan for a launcher ends with Execve")
      : { pid, identity: null }
  })

const noHandlers = {
  mergeEnvironment: () => Effect.dieMessage("entering a root merges no environment"),
  execve: () => Effect.dieMessage("entering a root executes nothing")
}

const launchEnv = (home: Home, request: Extract<Request, { readonly _tag: "LaunchEnv" }>) =>
  Effect.gen(function*() {
    yield* interpret(planEnter(request.root), noHandlers)
    const files = yield* findEnv(request.container)
    const lasting = yield* Effect.every(files, ({ path }) => isElf(path))
    const pid = yield* spawn(home, {
      supervision: request.supervision,
      directory: ROOT,
      paths: files.map(({ path }) => path),
      argv: request.argv,
      environment: request.environment
    }).pipe(
      Effect.mapError(
        tooLarge((errno) =>
          new ExecError.EnvironmentUnreadable({ reason: "SystemCall", errno: Option.some(errno) })
        )
      )
    )
    return { pid, identity: lasting ? identityOf(files) : null }
  })

/** A local step has not left the root, and may lack the privilege to enter it. */
const entersRoot = (request: Request): boolean =>
  request._tag === "LaunchStep"
    ? request.plan.operations.some(({ _tag }) => _tag === "Chroot")
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
    const result = yield* Effect.either<Launched, LaunchError, Libc>(
      request._tag === "LaunchStep" ? launchStep(home, request) : launchEnv(home, request)
    )
    return { result, home: yield* Effect.either(goHome(home, request)) }
  })
