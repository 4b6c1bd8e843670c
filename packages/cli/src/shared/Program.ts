/**
 * The program `agent` itself, to be started again.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"

/**
 * Its command line: the native launcher beside the bundle, else the bundle by Node.
 *
 * @since 0.1.0
 * @category accessors
 */
export const agentProgram = (): NonEmptyReadonlyArray<string> => {
  const bundle = import.meta.url
  const launcher = join(dirname(bundle), `agent-${process.platform}-${process.arch}`)
  return existsSync(launcher) ? [launcher] : [process.execPath, bundle]
}
