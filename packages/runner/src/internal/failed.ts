/**
 * Failures of a launcher itself.
 */
import type * as Errno from "@chroot-exec/core/Errno"
import * as Option from "effect/Option"
import { LauncherFailed } from "../LauncherError.js"

/** What has failed, and the error that the kernel told, when it told one. */
export const failed = (
  what: LauncherFailed["what"],
  error?: { readonly errno: Errno.Errno }
): LauncherFailed => new LauncherFailed({ what, errno: Option.fromNullable(error?.errno) })
