/**
 * What the operations on the process mean.
 */
import * as CommandSearch from "@chroot-exec/core/CommandSearch"
import { toEntries } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import { type ExecError, fromExecve, Terminated } from "@chroot-exec/core/ExecError"
import type { Process } from "@chroot-exec/core/operation/Process"
import type { Cases } from "@chroot-exec/core/operation/Shown"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import { Fd, Limit, SignalNumber } from "../../Brands.js"
import type { Syscalls } from "../../Syscalls.js"
import { NODE_IGNORES } from "../capture.js"
import { restoreFailed } from "./errors.js"

type OperationOf<Tag extends Process["_tag"]> = Extract<Process, { readonly _tag: Tag }>

const ignoreSignals = <Opened>(calls: Syscalls<Opened>, { signals }: OperationOf<"IgnoreSignals">) =>
  Effect.forEach(Signal.numbers(signals), (number) => calls.signal(SignalNumber.make(number), "ignore"), {
    discard: true
  })

/**
 * Signals are ignored exactly when the caller ignored them: execve(2) puts handlers back to the default by itself,
 * but keeps what Node ignores. What cannot be ignored is never in the set.
 */
const restoreSignals = <Opened>(
  calls: Syscalls<Opened>,
  { blocked, ignored }: OperationOf<"RestoreSignals">
) =>
  Effect.gen(function*() {
    for (const number of Signal.numbers(ignored | NODE_IGNORES)) {
      yield* calls.signal(SignalNumber.make(number), Signal.has(ignored, number) ? "ignore" : "default")
    }
    if (blocked !== undefined) yield* calls.sigprocmask(blocked)
  })

const SIGKILL = SignalNumber.make(Signal.toNumber("SIGKILL"))

/** The parent may have ended before it could be asked for a signal: then that signal is due. */
const dieWithParent = <Opened>(calls: Syscalls<Opened>, { parent }: OperationOf<"DieWithParent">) =>
  Effect.zipRight(
    Effect.mapError(calls.setParentDeathSignal(SIGKILL), restoreFailed("death with the parent")),
    Effect.mapError(calls.checkParent(parent), (error) =>
      Errno.is(error.errno, "ESRCH")
        ? new Terminated({ signal: SIGKILL })
        : restoreFailed("death with the parent")(error))
  )

/** A line of JSON, as the errors that may come instead. */
const ANNOUNCEMENT = new TextEncoder().encode("{\"_tag\":\"Executing\"}\n")

/** The first of the files that the kernel accepts; if it accepts none, why not the first of them. */
const execve = <Opened>(calls: Syscalls<Opened>, { argv, environment, files }: OperationOf<"Execve">) =>
  Effect.gen(function*() {
    const envp = toEntries(environment)
    let refused: Errno.Errno | undefined
    for (const path of files) {
      const result = yield* Effect.either(calls.execve({ path, argv, envp }, CommandSearch.PASSED_OVER))
      if (result._tag === "Right") continue
      refused ??= result.left.errno
      if (!CommandSearch.isPassedOver(result.left.errno)) break
    }
    if (refused !== undefined) yield* fromExecve(argv[0], refused)
  })

export const process = <Opened>(
  calls: Syscalls<Opened>
): Cases<Process, Effect.Effect<unknown, ExecError>> => ({
  IgnoreSignals: (operation) => Effect.mapError(ignoreSignals(calls, operation), restoreFailed("signals")),
  RestoreSignals: (operation) => Effect.mapError(restoreSignals(calls, operation), restoreFailed("signals")),
  LimitOpenFiles: ({ hard, soft }) =>
    Effect.mapError(
      calls.setrlimit({ soft: Limit.make(soft), hard: Limit.make(hard) }),
      restoreFailed("limit of open files")
    ),
  NewGroup: () => Effect.mapError(calls.setpgid(), restoreFailed("process group")),
  DieWithParent: (operation) => dieWithParent(calls, operation),
  Announce: ({ fd }) => Effect.mapError(calls.write(Fd.make(fd), ANNOUNCEMENT), restoreFailed("descriptors")),
  Execve: (operation) => execve(calls, operation)
})
