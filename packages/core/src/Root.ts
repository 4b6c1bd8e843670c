/**
 * Where a step's `/` is.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { CString } from "./CString.js"

/**
 * - `Local`: the agent's own root; no chroot, and so no privilege.
 * - `Directory`: this directory becomes the root; relative to the agent's working directory unless absolute.
 *
 * @since 0.1.0
 * @category models
 */
export type Root = Data.TaggedEnum<{
  Local: {}
  Directory: { readonly path: CString }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Root = Data.taggedEnum<Root>()

/**
 * The meaning of `<chroot-dir>`: exactly `local` is no chroot, anything else a directory (`./local` too).
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromArgument = (argument: CString): Root =>
  argument === "local" ? Root.Local() : Root.Directory({ path: argument })
