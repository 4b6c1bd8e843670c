/**
 * The native program beside every step.
 */
import * as CString from "@chroot-exec/core/CString"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const program = `supervise-linux-${process.arch}`

/** Where it is installed: beside the agent's bundle, or in the package, from its source or from what was compiled. */
export const supervisorProgram = (
  module: string = import.meta.url
): { readonly directory: CString.CString; readonly program: CString.CString } => {
  const here = module.startsWith("file:") ? dirname(fileURLToPath(module)) : undefined
  const directory = here === undefined ? dirname(module) : join(here, "../../supervisor/prebuilt")
  return { directory: CString.make(directory), program: CString.make(program) }
}
