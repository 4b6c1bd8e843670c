/**
 * The interpreter of plans, in place: the process that runs it becomes the step.
 *
 * @since 0.1.0
 */
import * as CommandSearch from "@chroot-exec/core/CommandSearch"
import * as CString from "@chroot-exec/core/CString"
import { processEnv, toEntries } from "@chroot-exec/core/Environment"
import type { Environment } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExecError from "@chroot-exec/core/ExecError"
import { type ExecPlan, type Operation, toLine } from "@chroot-exec/core/ExecPlan"
import type { Stdio } from "@chroot-exec/core/Inherited"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Fd, Limit, Mode, SignalNumber } from "./Brands.js"
import { NODE_IGNORES } from "./internal/capture.js"
import { closeFds } from "./internal/closeFds.js"
import { O_NONBLOCK } from "./internal/constants.js"
import { findCommand } from "./internal/findCommand.js"
import type { Found } from "./internal/findCommand.js"
import { Libc } from "./Libc.js"
import type { LibcOperations, SyscallError } from "./Libc.js"
import { readRootEnvironment } from "./RootEnvironment.js"

/** What later operations need of earlier ones. */
interface State {
  readonly null: Option.Option<Fd>
  readonly environment: Environment
  /** The files that the command may be, in the order in which they are tried. */
  readonly found: ReadonlyArray<Found>
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

/** Becomes the first of the files that the kernel accepts; if it accepts none, why not the first of them. */
const execve = (
  libc: LibcOperations,
  { environment, found }: State,
  argv: readonly [CString.CString, ...ReadonlyArray<CString.CString>]
) =>
  Effect.gen(function*() {
    const envp = toEntries(environment)
    let refusal: SyscallError | undefined
    for (const { executePath } of found) {
      const error: SyscallError = yield* Effect.flip(libc.execve({ path: executePath, argv, envp }))
      refusal ??= error
      if (!CommandSearch.isPassedOver(error.errno)) break
    }
    const [command] = argv
    // The file was found, so that what is absent is the interpreter of a script, or the loader of a program.
    return yield* refusal === undefined || refusal.errno === "ENOENT"
      ? new ExecError.CommandNotFound({ command, reason: "NoInterpreter" })
      : new ExecError.CommandNotExecutable({ command, errno: refusal.errno })
  })

/** Carries out one operation. Its error is the operation's own; nothing after it is done then. */
const apply = (
  libc: LibcOperations,
  state: State,
  operation: Operation
): Effect.Effect<State, ExecError.ExecError, Libc> => {
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
    case "MergeEnvironment": {
      const { container, skyhook, stopOn } = operation
      return Option.match(state.null, {
        onNone: () => Effect.dieMessage("a plan that merges the environment opens /dev/null first"),
        onSome: (null_) =>
          Effect.map(readRootEnvironment(container, { null: null_, stopOn }), (root) => ({
            ...state,
            environment: processEnv(container, skyhook, root)
          }))
      })
    }
    case "RestoreSignals":
      return restoreSignals(libc, operation.ignored, operation.blocked).pipe(
        Effect.mapBoth({ onFailure: restoreFailed("signals"), onSuccess: () => state })
      )
    case "RestoreOpenFiles":
      return libc.getrlimit().pipe(
        Effect.flatMap(({ hard }) => libc.setrlimit({ soft: Limit.make(operation.soft), hard })),
        Effect.mapBoth({ onFailure: restoreFailed("limit of open files"), onSuccess: () => state })
      )
    case "Execve":
      return execve(libc, state, operation.argv)
  }
}

/**
 * Carries out a plan on this process, which then is the step: same pid, its own exit, nothing of ours left. It
 * returns only to fail, with the error of the operation that failed; no later one is begun.
 *
 * The process is not what it was then: it may have another root, and should report and exit.
 *
 * @since 0.1.0
 * @category operations
 */
export const execInPlace = Effect.fn("ExecInPlace.execInPlace")(function*(plan: ExecPlan) {
  const libc = yield* Libc
  const initial: State = { null: Option.none(), environment: {}, found: [] }
  yield* Effect.reduce(
    plan.operations,
    initial,
    (state, operation) => Effect.zipRight(Effect.logDebug(toLine(operation)), apply(libc, state, operation))
  )
  return yield* Effect.dieMessage("a plan for this interpreter ends with Execve")
})
