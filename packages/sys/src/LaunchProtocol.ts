/**
 * What the launcher's thread is asked for, and how it answers.
 *
 * @since 0.1.0
 */
import * as CString from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import * as ExecError from "@chroot-exec/core/ExecError"
import type { ExecPlan } from "@chroot-exec/core/ExecPlan"
import type { ResourceLimit } from "@chroot-exec/core/operation/Process"
import type { Root } from "@chroot-exec/core/Root"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Schema from "effect/Schema"
import { Pid } from "./Brands.js"
import { SyscallError } from "./Libc.js"
import type { Supervision } from "./Supervised.js"

/**
 * What the root's `env` prints, and while which files are its `env`; undefined when it has just been asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface KnownEnvironment {
  readonly identity: string | undefined
  readonly environment: Environment
}

/**
 * What the thread is asked for.
 *
 * - `LaunchStep`: carry out a plan of `planStep`;
 * - `LaunchEnv`: run `env` in the root, with these arguments and this environment.
 *
 * @since 0.1.0
 * @category models
 */
export type Request =
  | {
    readonly _tag: "LaunchStep"
    readonly plan: ExecPlan
    readonly known: KnownEnvironment | undefined
    readonly supervision: Supervision
  }
  | {
    readonly _tag: "LaunchEnv"
    readonly root: Root
    /** Whose PATH is searched. */
    readonly container: Environment
    readonly argv: NonEmptyReadonlyArray<CString.CString>
    readonly environment: Environment
    readonly openFiles: ResourceLimit | undefined
    readonly supervision: Supervision
  }

/**
 * Why the thread launched nothing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LaunchError = Schema.Union(ExecError.ExecError, SyscallError)

/**
 * @since 0.1.0
 * @category errors
 */
export type LaunchError = typeof LaunchError.Type

/**
 * The supervisor's process, and the files that the command may be. Of `env` also what its output holds for; null for a
 * script, whose output may be another one each time, and for a step.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Launched = Schema.TaggedStruct("Launched", {
  pid: Pid,
  files: Schema.NonEmptyArray(CString.CString),
  identity: Schema.NullOr(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Launched = typeof Launched.Type

/**
 * Nothing was launched: the root's environment is not known, or no longer, since another file is its `env`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EnvironmentUnknown = Schema.TaggedStruct("EnvironmentUnknown", {})

/**
 * @since 0.1.0
 * @category models
 */
export type EnvironmentUnknown = typeof EnvironmentUnknown.Type

/**
 * How the thread has served a request. When `home` is a failure it could not return: it must not be used again, and what
 * it launched must be ended.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reply = Schema.Struct({
  result: Schema.Either({ left: LaunchError, right: Schema.Union(Launched, EnvironmentUnknown) }),
  home: Schema.Either({ left: SyscallError, right: Schema.Void })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Reply = typeof Reply.Type
