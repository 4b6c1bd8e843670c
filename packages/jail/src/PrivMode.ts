/**
 * How an unprivileged daemon gets the root that entering or creating a jail needs.
 *
 * @since 0.1.0
 */
import { AbsolutePath } from "@chroot-exec/core/CString"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { PrivilegeInvalid } from "./JailError.js"

/**
 * - `mdo`: mdo(1) of FreeBSD 14.2 and later, which mac_do(4) allows to become root;
 * - `helper`: a program of the host's, called with `jexec` or `jail` and that program's arguments. It has to run
 *   `/usr/sbin/jexec` or `/usr/sbin/jail` and nothing else, whatever PATH says;
 * - `none`: the daemon is root already.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PrivMode = Schema.Literal("mdo", "helper", "none")

/**
 * @since 0.1.0
 * @category models
 */
export type PrivMode = typeof PrivMode.Type

/**
 * A mode with what it needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Privilege {
  readonly mode: PrivMode
  /** The helper's path; empty unless the mode is `helper`. */
  readonly helper: string
}

/**
 * Names the mode; `mdo` when it is not set.
 *
 * @since 0.1.0
 * @category constants
 */
export const MODE_VARIABLE = "COLIBRI_JAIL_PRIV_MODE"

/**
 * The helper's absolute path.
 *
 * @since 0.1.0
 * @category constants
 */
export const HELPER_VARIABLE = "COLIBRI_JAIL_HELPER"

const isMode = Schema.is(PrivMode)
const isAbsolute = Schema.is(AbsolutePath)

const read = (variable: string, otherwise: string): Effect.Effect<string, PrivilegeInvalid> =>
  Effect.mapError(
    Config.string(variable).pipe(Config.withDefault(otherwise)),
    () => new PrivilegeInvalid({ variable, problem: "cannot be read" })
  )

/**
 * The privilege that the configuration asks for. To be asked only when a jail is wanted.
 *
 * Fails with `PrivilegeInvalid`: a mode that is none of the three, or no absolute path where the mode needs a helper.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig: Effect.Effect<Privilege, PrivilegeInvalid> = Effect.gen(function*() {
  const mode = yield* read(MODE_VARIABLE, "mdo")
  if (!isMode(mode)) {
    return yield* new PrivilegeInvalid({
      variable: MODE_VARIABLE,
      problem: `must be one of ${PrivMode.literals.join(", ")}`
    })
  }
  if (mode !== "helper") return { mode, helper: "" }
  const helper = yield* read(HELPER_VARIABLE, "")
  return isAbsolute(helper) ? { mode, helper } : yield* new PrivilegeInvalid({
    variable: HELPER_VARIABLE,
    problem: "must be the absolute path of the helper, which the mode helper needs"
  })
})
