/**
 * Operations on the process itself, up to execve(2).
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Data from "effect/Data"
import type { CString } from "../CString.js"
import type { Environment } from "../Environment.js"
import type { SignalSet } from "../Signal.js"
import type { Cases, Fields } from "./Shown.js"
import { exact, signalNames } from "./Shown.js"

/**
 * A resource limit: getrlimit(2). All bits set are no limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResourceLimit {
  readonly soft: bigint
  readonly hard: bigint
}

/**
 * Errors in parentheses; see `ExecError`.
 *
 * - `IgnoreSignals`: ignore these signals from now on (`RestoreFailed`).
 * - `RestoreSignals`: ignore the signals that the caller ignored and no others, and block those that it
 *   blocked, when that is known (`RestoreFailed`).
 * - `LimitOpenFiles`: the limit of open files, RLIMIT_NOFILE of setrlimit(2) (`RestoreFailed`).
 * - `NewGroup`: lead a process group, setpgid(2) (`RestoreFailed`).
 * - `DieWithParent`: be killed when the thread that made this process ends, PR_SET_PDEATHSIG of prctl(2); at once when
 *   `parent` is no longer the parent (`RestoreFailed`, `Terminated`). `maker` is the process that has made this one,
 *   which only the supervisor knows: it looks whether that is still there.
 * - `Announce`: tell a launcher, on a descriptor that execve(2) closes, that execve(2) is next (`RestoreFailed`).
 * - `Execve`: become the first of these files that the kernel accepts, execve(2) (`CommandNotFound`,
 *   `CommandNotExecutable`).
 *
 * @since 0.1.0
 * @category models
 */
export type Process = Data.TaggedEnum<{
  IgnoreSignals: { readonly signals: SignalSet }
  RestoreSignals: { readonly ignored: SignalSet; readonly blocked: SignalSet | undefined }
  LimitOpenFiles: ResourceLimit
  NewGroup: {}
  DieWithParent: { readonly parent: number | "maker" }
  Announce: { readonly fd: number }
  Execve: {
    readonly files: NonEmptyReadonlyArray<CString>
    readonly argv: NonEmptyReadonlyArray<CString>
    readonly environment: Environment
  }
}>

/**
 * @since 0.1.0
 * @category conversions
 */
export const fields: Cases<Process, Fields> = {
  IgnoreSignals: ({ signals }) => ({ signals: signalNames(signals) }),
  RestoreSignals: ({ blocked, ignored }) => ({
    ignored: signalNames(ignored),
    ...(blocked === undefined ? {} : { blocked: signalNames(blocked) })
  }),
  LimitOpenFiles: ({ hard, soft }) => ({ soft: exact(soft), hard: exact(hard) }),
  NewGroup: () => ({}),
  DieWithParent: ({ parent }) => ({ parent }),
  Announce: ({ fd }) => ({ fd }),
  Execve: ({ argv, environment, files }) => ({
    files,
    command: argv[0],
    arguments: argv.length - 1,
    environment: Object.keys(environment)
  })
}
