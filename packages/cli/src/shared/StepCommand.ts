/**
 * The command line of the step, for commands that take one behind `--`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * What follows the first `--`, exactly: `@effect/cli` would take options there for its own. Empty when there is no
 * `--`. The program provides it (`Argv.split`).
 *
 * @since 0.1.0
 * @category context
 */
export class StepCommand extends Context.Reference<StepCommand>()("@chroot-exec/cli/StepCommand", {
  defaultValue: (): ReadonlyArray<string> => []
}) {}
