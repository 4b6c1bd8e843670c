/**
 * What the operations on the file system mean.
 */
import { ChrootFailed, type ExecError } from "@chroot-exec/core/ExecError"
import type { Files } from "@chroot-exec/core/operation/Files"
import type { Cases } from "@chroot-exec/core/operation/Shown"
import * as Effect from "effect/Effect"
import type { Syscalls } from "../../Syscalls.js"
import { directoryUnusable } from "./errors.js"

export const files = (calls: Syscalls): Cases<Files, Effect.Effect<void, ExecError>> => ({
  Chroot: ({ directory }) =>
    Effect.mapError(calls.chroot(directory), ({ errno }) => new ChrootFailed({ directory, errno })),
  Chdir: (operation) => Effect.mapError(calls.chdir(operation.directory), directoryUnusable(operation))
})
