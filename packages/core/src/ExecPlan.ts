/**
 * Confinement as data: what has to be done, in order, so that a process becomes the step.
 *
 * A plan is made by a pure planner and carried out by one interpreter (`@chroot-exec/sys`). It says everything
 * that will happen; it does nothing.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { CString } from "./CString.js"
import type { Environment } from "./Environment.js"
import type { Stdio } from "./Inherited.js"
import { quote } from "./Quote.js"
import type { SignalSet } from "./Signal.js"
import * as Signal from "./Signal.js"

/**
 * One thing to do. Errors in parentheses; see `ExecError`.
 *
 * - `IgnoreSignals`: ignore these signals from now on (`RestoreFailed`).
 * - `CloseFds`: let every descriptor from `first` upwards be closed when the step starts (`RestoreFailed`).
 * - `KeepStdio`: of 0, 1 and 2, let those of `open` stay open then and no others, and those of `nonBlocking` have
 *   O_NONBLOCK and no others (`RestoreFailed`).
 * - `OpenNull`: keep `/dev/null` at hand, for a root that has none (`EnvironmentUnreadable`).
 * - `Chroot`: make `directory` the root, chroot(2) (`ChrootFailed`).
 * - `Chdir`: work in `directory`, chdir(2) (`DirectoryUnusable`).
 * - `CheckDirectory`: see that a later `Chdir` has a directory to enter (`DirectoryUnusable`).
 * - `FindCommand`: find the file of `command`. A path is under `directory` unless absolute; a bare name is
 *   searched on the PATH of the merged environment (`CommandNotFound`, `CommandNotExecutable`).
 * - `AddExecuteBits`: u+x, g+x, o+x on the file that was found, chmod(2) (`ChmodFailed`).
 * - `MergeEnvironment`: run `env` in the root and merge: `processEnv(container, package, root)`. A signal of
 *   `stopOn` that arrives meanwhile ends `env` and the plan (`EnvironmentUnreadable`, `Terminated`).
 * - `RestoreSignals`: ignore the signals that the caller ignored and no others, and block those that it
 *   blocked, when that is known (`RestoreFailed`).
 * - `RestoreOpenFiles`: the caller's soft limit of open files (`RestoreFailed`).
 * - `DieWithParent`: be killed when the thread that made this process ends, PR_SET_PDEATHSIG of prctl(2); at once when
 *   `parent` is no longer the parent (`RestoreFailed`, `Terminated`).
 * - `Announce`: tell a launcher, on a descriptor that execve(2) closes, that execve(2) is next (`RestoreFailed`).
 * - `Execve`: become the command that was found, with the merged environment, execve(2) (`CommandNotFound`,
 *   `CommandNotExecutable`).
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = Data.TaggedEnum<{
  IgnoreSignals: { readonly signals: SignalSet }
  CloseFds: { readonly first: number }
  KeepStdio: Stdio
  OpenNull: {}
  Chroot: { readonly directory: CString }
  Chdir: { readonly directory: CString; readonly role: "root" | "copy_dir" }
  CheckDirectory: { readonly directory: CString; readonly role: "root" | "copy_dir" }
  FindCommand: { readonly command: CString; readonly directory: CString }
  AddExecuteBits: {}
  MergeEnvironment: {
    readonly container: Environment
    readonly skyhook: Environment
    readonly stopOn: SignalSet
  }
  RestoreSignals: { readonly ignored: SignalSet; readonly blocked: SignalSet | undefined }
  RestoreOpenFiles: { readonly soft: bigint }
  DieWithParent: { readonly parent: number }
  Announce: { readonly fd: number }
  Execve: { readonly argv: readonly [CString, ...ReadonlyArray<CString>] }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Operation = Data.taggedEnum<Operation>()

/**
 * Operations in the order in which they are carried out.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExecPlan {
  readonly operations: ReadonlyArray<Operation>
}

/**
 * Whether carrying out the operation takes a privilege.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPrivileged = (operation: Operation): boolean => operation._tag === "Chroot"

/**
 * The values of an operation that may be shown: arguments of the step are only counted, and variables only named.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields = Readonly<Record<string, string | number | ReadonlyArray<string | number>>>

const signalNames = (signals: SignalSet): ReadonlyArray<string> => Signal.numbers(signals).map(Signal.name)

/** JSON has no larger numbers that are exact. */
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

const fieldsOf = (operation: Operation): Fields => {
  switch (operation._tag) {
    case "IgnoreSignals":
      return { signals: signalNames(operation.signals) }
    case "CloseFds":
      return { first: operation.first }
    case "KeepStdio":
      return { open: operation.open, nonBlocking: operation.nonBlocking }
    case "Chroot":
    case "Chdir":
    case "CheckDirectory":
      return { directory: operation.directory }
    case "FindCommand":
      return { command: operation.command, directory: operation.directory }
    case "OpenNull":
    case "AddExecuteBits":
      return {}
    case "MergeEnvironment":
      return { container: Object.keys(operation.container), package: Object.keys(operation.skyhook) }
    case "RestoreSignals":
      return {
        ignored: signalNames(operation.ignored),
        ...(operation.blocked === undefined ? {} : { blocked: signalNames(operation.blocked) })
      }
    case "RestoreOpenFiles":
      return { soft: operation.soft > MAX_SAFE ? operation.soft.toString() : Number(operation.soft) }
    case "DieWithParent":
      return { parent: operation.parent }
    case "Announce":
      return { fd: operation.fd }
    case "Execve":
      return { command: operation.argv[0], arguments: operation.argv.length - 1 }
  }
}

/**
 * A plan for machines, `--dry-run=json`: for each operation its name and its `Fields`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toJson = (plan: ExecPlan): ReadonlyArray<Fields> =>
  plan.operations.map((operation) => ({ operation: operation._tag, ...fieldsOf(operation) }))

const PLAIN = /^[\w./:@%+-]+$/

const showOne = (value: string | number): string =>
  PLAIN.test(String(value)) ? String(value) : quote(String(value))

/**
 * An operation for people: its name and its `Fields` as `key=value`, on one line.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toLine = (operation: Operation): string => {
  const fields = Object.entries(fieldsOf(operation)).map(([key, value]) =>
    `${key}=${typeof value === "object" ? value.map(showOne).join(",") : showOne(value)}`
  )
  return [operation._tag, ...fields].join(" ")
}

/**
 * A plan for people, `--dry-run`: a line for each operation.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toLines = (plan: ExecPlan): ReadonlyArray<string> => plan.operations.map(toLine)
