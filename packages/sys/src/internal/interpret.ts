/**
 * The interpreter of plans: one operation after the other, over the `Libc` service.
 */
import * as CString from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExecError from "@chroot-exec/core/ExecError"
import { type ExecPlan, type Operation, toLine } from "@chroot-exec/core/ExecPlan"
import type { Stdio } from "@chroot-exec/core/Inherited"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { Fd, Limit, Mode, SignalNumber } from "../Brands.js"
import type { LibcOperations, SyscallError } from "../Libc.js"
import { Libc } from "../Libc.js"
import { NODE_IGNORES } from "./capture.js"
import { closeFds } from "./closeFds.js"
import { O_NONBLOCK } from "./constants.js"
import { findCommand } from "./findCommand.js"
import type { Found } from "./findCommand.js"

/** What later operations need of earlier ones. */
export interface State {
  /** A descriptor of `/dev/null`, once there is one. */
  readonly null: Option.Option<Fd>
  readonly environment: Environment
  /** The files that the command may be, in the order in which they are tried. */
  readonly found: ReadonlyArray<Found>
}

type OperationOf<Tag extends Operation["_tag"]> = Extract<Operation, { readonly _tag: Tag }>

/** What is done differently in place and by a launcher's thread. */
export interface Handlers<E, R> {
  /** The environment of the step. */
  readonly mergeEnvironment: (
    operation: OperationOf<"MergeEnvironment">,
    state: State
  ) => Effect.Effect<Environment, E, R>
  /** Lets there be the step. */
  readonly execve: (operation: OperationOf<"Execve">, state: State) => Effect.Effect<void, E, R>
}

const EXECUTE_BITS = 0o111

const STDIO = [0, 1, 2].map((fd) => Fd.make(fd))

const restoreFailed = (what: ExecError.RestoreFailed["what"]) => ({ errno }: SyscallError) =>
  new ExecError.RestoreFailed({ what, errno })

const directoryUnusable =
  ({ directory, role }: { readonly directory: string; readonly role: "root" | "copy_dir" }) =>
  (
    { errno }: { readonly errno: Errno.Errno }
  ) => new ExecError.DirectoryUnusable({ role, path: directory, errno })

/** chmod(2), unless the bits are there already. Only regular files are ever found. */
const addExecuteBits = (libc: LibcOperations, { path, status }: Found) =>
  (status.mode & EXECUTE_BITS) === EXECUTE_BITS
    ? Effect.void
    : libc.chmod(path, Mode.make(status.mode | EXECUTE_BITS)).pipe(
      Effect.mapError(({ errno }) => new ExecError.ChmodFailed({ path, errno }))
    )

/** O_NONBLOCK belongs to the open file that others share: it is changed only where it differs. */
const keepStdio = (libc: LibcOperations, stdio: Stdio) =>
  Effect.forEach(STDIO, (fd) =>
    Effect.gen(function*() {
      yield* libc.setCloseOnExec(fd, !stdio.open.includes(fd))
      const flags = yield* libc.getStatusFlags(fd)
      const wanted = stdio.nonBlocking.includes(fd) ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
      if (wanted !== flags) yield* libc.setStatusFlags(fd, wanted)
    }), { discard: true })

const ignoreSignals = (libc: LibcOperations, signals: Signal.SignalSet) =>
  Effect.forEach(Signal.numbers(signals), (number) => libc.signal(SignalNumber.make(number), "ignore"), {
    discard: true
  })

/**
 * Signals are ignored exactly when the caller ignored them: execve(2) puts handlers back to the default by itself,
 * but keeps what Node ignores. What cannot be ignored is never in the set.
 */
const restoreSignals = (
  libc: LibcOperations,
  ignored: Signal.SignalSet,
  blocked: Signal.SignalSet | undefined
) =>
  Effect.gen(function*() {
    for (const number of Signal.numbers(ignored | NODE_IGNORES)) {
      yield* libc.signal(SignalNumber.make(number), Signal.has(ignored, number) ? "ignore" : "default")
    }
    if (blocked !== undefined) yield* libc.sigprocmask(blocked)
  })

const SIGKILL = SignalNumber.make(Signal.toNumber("SIGKILL"))

/** The parent may have ended before it could be asked for a signal: then that signal is due. */
const dieWithParent = (libc: LibcOperations, parent: number) =>
  libc.setParentDeathSignal(SIGKILL).pipe(
    Effect.zipRight(libc.getppid()),
    Effect.mapError(restoreFailed("death with the parent")),
    Effect.filterOrFail((pid) => pid === parent, () => new ExecError.Terminated({ signal: SIGKILL }))
  )

/** A line of JSON, as the errors that may come instead. */
const ANNOUNCEMENT = new TextEncoder().encode("{\"_tag\":\"Executing\"}\n")

/** Carries out one operation. Its error is the operation's own; nothing after it is done then. */
const apply = <E, R>(
  libc: LibcOperations,
  handlers: Handlers<E, R>,
  state: State,
  operation: Operation
): Effect.Effect<State, ExecError.ExecError | E, Libc | R> => {
  switch (operation._tag) {
    case "IgnoreSignals":
      return ignoreSignals(libc, operation.signals).pipe(
        Effect.mapBoth({ onFailure: restoreFailed("signals"), onSuccess: () => state })
      )
    case "CloseFds":
      return closeFds(Fd.make(operation.first)).pipe(
        Effect.mapBoth({ onFailure: restoreFailed("descriptors"), onSuccess: () => state })
      )
    case "KeepStdio":
      return keepStdio(libc, operation).pipe(
        Effect.mapBoth({ onFailure: restoreFailed("standard descriptors"), onSuccess: () => state })
      )
    case "OpenNull":
      return libc.open(CString.make("/dev/null"), "readWrite").pipe(
        Effect.mapBoth({
          onFailure: ({ errno }) =>
            new ExecError.EnvironmentUnreadable({ reason: "NoNull", errno: Option.some(errno) }),
          onSuccess: (fd) => ({ ...state, null: Option.some(fd) })
        })
      )
    case "Chroot":
      return libc.chroot(operation.directory).pipe(
        Effect.mapBoth({
          onFailure: ({ errno }) => new ExecError.ChrootFailed({ directory: operation.directory, errno }),
          onSuccess: () => state
        })
      )
    case "Chdir":
      return libc.chdir(operation.directory).pipe(
        Effect.mapBoth({ onFailure: directoryUnusable(operation), onSuccess: () => state })
      )
    case "CheckDirectory":
      return libc.statx(operation.directory).pipe(
        Effect.filterOrFail(({ type }) => type === "directory", () => ({ errno: Errno.of("ENOTDIR") })),
        Effect.mapBoth({ onFailure: directoryUnusable(operation), onSuccess: () => state })
      )
    case "FindCommand":
      return Effect.map(findCommand(operation, state.environment), (found) => ({ ...state, found }))
    case "AddExecuteBits":
      return Effect.as(Effect.forEach(state.found.slice(0, 1), (file) => addExecuteBits(libc, file)), state)
    case "MergeEnvironment":
      return Effect.map(
        handlers.mergeEnvironment(operation, state),
        (environment) => ({ ...state, environment })
      )
    case "RestoreSignals":
      return restoreSignals(libc, operation.ignored, operation.blocked).pipe(
        Effect.mapBoth({ onFailure: restoreFailed("signals"), onSuccess: () => state })
      )
    case "RestoreOpenFiles":
      return libc.getrlimit().pipe(
        Effect.flatMap(({ hard }) => libc.setrlimit({ soft: Limit.make(operation.soft), hard })),
        Effect.mapBoth({ onFailure: restoreFailed("limit of open files"), onSuccess: () => state })
      )
    case "DieWithParent":
      return dieWithParent(libc, operation.parent).pipe(Effect.as(state))
    case "Announce":
      return libc.write(Fd.make(operation.fd), ANNOUNCEMENT).pipe(
        Effect.mapBoth({ onFailure: restoreFailed("descriptors"), onSuccess: () => state })
      )
    case "Execve":
      return Effect.as(handlers.execve(operation, state), state)
  }
}

/** Whether somebody wants to know of each operation: its line is made only then. */
const isTold = Effect.map(
  FiberRef.get(FiberRef.currentMinimumLogLevel),
  (minimum) => LogLevel.lessThanEqual(minimum, LogLevel.Debug)
)

/** Carries out a plan and returns what is known at its end. After an operation that fails, no later one is begun. */
export const interpret = <E, R>(
  plan: ExecPlan,
  handlers: Handlers<E, R>
): Effect.Effect<State, ExecError.ExecError | E, Libc | R> =>
  Effect.gen(function*() {
    const libc = yield* Libc
    const told = yield* isTold
    let state: State = { null: Option.none(), environment: {}, found: [] }
    for (const operation of plan.operations) {
      if (told) yield* Effect.logDebug(toLine(operation))
      state = yield* apply(libc, handlers, state, operation)
    }
    return state
  })
