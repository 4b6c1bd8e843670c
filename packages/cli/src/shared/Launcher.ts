/**
 * What the native launcher in front of Node recorded.
 *
 * @since 0.1.0
 */
import type { LauncherRecord } from "@chroot-exec/core/Inherited"
import * as Context from "effect/Context"
import * as Option from "effect/Option"

/**
 * None unless the program was started by the launcher; then the program provides it (`parseLauncherRecord`).
 *
 * @since 0.1.0
 * @category context
 */
export class Launcher extends Context.Reference<Launcher>()("@chroot-exec/cli/Launcher", {
  defaultValue: (): Option.Option<LauncherRecord> => Option.none()
}) {}
