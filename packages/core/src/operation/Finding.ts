/**
 * Operations that depend on what they find, or that later ones depend on. Only a process that carries them out by itself
 * can: they cannot be written down beforehand.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Data from "effect/Data"
import type { CString } from "../CString.js"
import type { Environment } from "../Environment.js"
import type { Stdio } from "../Inherited.js"
import type { SignalSet } from "../Signal.js"
import type { Cases, Fields } from "./Shown.js"

/**
 * Errors in parentheses; see `ExecError`.
 *
 * - `CloseFds`: let every descriptor from `first` upwards be closed when the step starts (`RestoreFailed`).
 * - `KeepStdio`: of 0, 1 and 2, let those of `open` stay open then and no others, and those of `nonBlocking` have
 *   O_NONBLOCK and no others (`RestoreFailed`).
 * - `OpenNull`: keep `/dev/null` at hand, for a root that has none (`EnvironmentUnreadable`).
 * - `CheckDirectory`: see that a later `Chdir` has a directory to enter (`DirectoryUnusable`).
 * - `FindCommand`: find the file of `command`. A path is under `directory` unless absolute; a bare name is
 *   searched on the PATH of the merged environment (`CommandNotFound`, `CommandNotExecutable`).
 * - `AddExecuteBits`: u+x, g+x, o+x on the file that was found, chmod(2) (`ChmodFailed`).
 * - `MergeEnvironment`: run `env` in the root and merge: `processEnv(container, package, root)`. A signal of
 *   `stopOn` that arrives meanwhile ends `env` and the plan (`EnvironmentUnreadable`, `Terminated`).
 *
 * @since 0.1.0
 * @category models
 */
export type Finding = Data.TaggedEnum<{
  CloseFds: { readonly first: number }
  KeepStdio: Stdio
  OpenNull: {}
  CheckDirectory: { readonly directory: CString; readonly role: "root" | "copy_dir" }
  FindCommand: { readonly command: CString; readonly directory: CString }
  AddExecuteBits: {}
  MergeEnvironment: {
    readonly container: Environment
    readonly skyhook: Environment
    readonly stopOn: SignalSet
  }
}>

/**
 * `ExecveFound`: become the command that was found, with the merged environment. It is `Execve` with both, once they
 * are known.
 *
 * @since 0.1.0
 * @category models
 */
export type Found = Data.TaggedEnum<{
  ExecveFound: { readonly argv: NonEmptyReadonlyArray<CString> }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Finding = Data.taggedEnum<Finding>()

/**
 * @since 0.1.0
 * @category conversions
 */
export const fields: Cases<Finding, Fields> = {
  CloseFds: ({ first }) => ({ first }),
  KeepStdio: ({ nonBlocking, open }) => ({ open, nonBlocking }),
  OpenNull: () => ({}),
  CheckDirectory: ({ directory }) => ({ directory }),
  FindCommand: ({ command, directory }) => ({ command, directory }),
  AddExecuteBits: () => ({}),
  MergeEnvironment: ({ container, skyhook }) => ({
    container: Object.keys(container),
    package: Object.keys(skyhook)
  })
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const foundFields: Cases<Found, Fields> = {
  ExecveFound: ({ argv }) => ({ command: argv[0], arguments: argv.length - 1 })
}

/**
 * @since 0.1.0
 * @category predicates
 */
export const isFinding = (operation: { readonly _tag: string }): operation is Finding =>
  Object.hasOwn(fields, operation._tag)
