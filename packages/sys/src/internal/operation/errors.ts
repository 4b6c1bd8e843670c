/**
 * Errors of operations from those of their calls.
 */
import type * as Errno from "@chroot-exec/core/Errno"
import * as ExecError from "@chroot-exec/core/ExecError"

/** The part of a `SyscallError` that counts. */
interface Failed {
  readonly errno: Errno.Errno
}

export const restoreFailed = (what: ExecError.RestoreFailed["what"]) => ({ errno }: Failed) =>
  new ExecError.RestoreFailed({ what, errno })

export const directoryUnusable =
  ({ directory, role }: { readonly directory: string; readonly role: "root" | "copy_dir" }) =>
  ({ errno }: Failed) => new ExecError.DirectoryUnusable({ role, path: directory, errno })
