/**
 * Operations on what the step sees of the file system.
 *
 * @since 0.1.0
 */
import type * as Data from "effect/Data"
import type { CString } from "../CString.js"
import type { Cases, Fields } from "./Shown.js"

/**
 * Errors in parentheses; see `ExecError`.
 *
 * - `Chroot`: make `directory` the root, chroot(2) (`ChrootFailed`).
 * - `Chdir`: work in `directory`, chdir(2) (`DirectoryUnusable`).
 * - `WriteFile`: write to a file that is there, such as one of the kernel's, with one call of write(2) (`WriteFailed`).
 *
 * @since 0.1.0
 * @category models
 */
export type Files = Data.TaggedEnum<{
  Chroot: { readonly directory: CString }
  Chdir: { readonly directory: CString; readonly role: "root" | "copy_dir" }
  WriteFile: { readonly path: CString; readonly content: string }
}>

/**
 * @since 0.1.0
 * @category conversions
 */
export const fields: Cases<Files, Fields> = {
  Chroot: ({ directory }) => ({ directory }),
  Chdir: ({ directory }) => ({ directory }),
  WriteFile: ({ content, path }) => ({ path, content })
}
