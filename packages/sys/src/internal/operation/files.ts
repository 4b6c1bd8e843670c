/**
 * What the operations on the file system mean.
 */
import type { CString } from "@chroot-exec/core/CString"
import { ChrootFailed, type ExecError, WriteFailed } from "@chroot-exec/core/ExecError"
import type { Files } from "@chroot-exec/core/operation/Files"
import type { Cases } from "@chroot-exec/core/operation/Shown"
import * as Effect from "effect/Effect"
import type { Syscalls } from "../../Syscalls.js"
import { directoryUnusable } from "./errors.js"

const writeFile = <Opened>(calls: Syscalls<Opened>, path: CString, content: string) =>
  Effect.gen(function*() {
    const file = yield* calls.open(path, "write")
    yield* calls.write(file, new TextEncoder().encode(content))
    yield* calls.close(file)
  })

export const files = <Opened>(calls: Syscalls<Opened>): Cases<Files, Effect.Effect<unknown, ExecError>> => ({
  Chroot: ({ directory }) =>
    Effect.mapError(calls.chroot(directory), ({ errno }) => new ChrootFailed({ directory, errno })),
  Chdir: (operation) => Effect.mapError(calls.chdir(operation.directory), directoryUnusable(operation)),
  WriteFile: ({ content, path }) =>
    Effect.mapError(writeFile(calls, path, content), ({ errno }) => new WriteFailed({ path, errno }))
})
