/**
 * Processes below a supervisor, whichever program that is.
 */
import * as CString from "@chroot-exec/core/CString"
import { Libc } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { openShared } from "../../src/internal/shared.js"
import { supervise } from "../../src/internal/supervise.js"
import { supervisorProgram } from "../../src/internal/supervisorProgram.js"

const { directory, program } = supervisorProgram()

/** The real supervisor. */
export const real = join(directory, program)

/** What it is started with, for a program of the machine. */
export const argumentsFor = (
  path: string,
  ...argv: ReadonlyArray<string>
) => ["5", "-", "/", "1", path, path, ...argv]

/** A supervisor that is this program. */
export const supervisedBy = (path: string, argv: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const libc = yield* Libc
    return yield* supervise(yield* openShared, { stdin: "pipe" }, (descriptors) =>
      libc.posixSpawn({ path: CString.make(path), argv: argv.map(CString.make), envp: [] }, {
        descriptors,
        defaults: 0n
      }).pipe(Effect.map((pid) => ({ pid }))))
  })

/** Descriptors and children of this process. */
export const possessions = () => ({
  descriptors: readdirSync("/proc/self/fd").length,
  children: readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
})
