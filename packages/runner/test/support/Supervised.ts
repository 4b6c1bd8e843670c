/**
 * Processes below a supervisor, whichever program that is.
 */
import { planProgram } from "@chroot-exec/core/ChrootExec"
import * as CString from "@chroot-exec/core/CString"
import type { FixedPlan } from "@chroot-exec/core/ExecPlan"
import type { ResourceLimit } from "@chroot-exec/core/operation/Process"
import { Root } from "@chroot-exec/core/Root"
import { Fd } from "@chroot-exec/sys/Brands"
import { Libc } from "@chroot-exec/sys/Libc"
import { spawn } from "@chroot-exec/sys/Supervised"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { openShared } from "../../src/internal/shared.js"
import { supervise } from "../../src/internal/supervise.js"
import { supervisorProgram } from "../../src/internal/supervisorProgram.js"

const { directory, program } = supervisorProgram()

/** The real supervisor. */
export const real = join(directory, program)

/** The plan of a program of the machine. */
export const planFor = (
  argv: Arr.NonEmptyReadonlyArray<string>,
  openFiles?: ResourceLimit
): FixedPlan =>
  planProgram({
    root: Root.Local(),
    files: [CString.make(argv[0])],
    argv: Arr.map(argv, (argument) => CString.make(argument)),
    environment: {},
    openFiles: Option.fromNullable(openFiles)
  })

/** A plan below what `command` makes of the secret of the messages: a supervisor, or a program that stands in for it. */
export const supervisedBy = (
  plan: FixedPlan,
  command: (secret: Uint8Array) => Arr.NonEmptyReadonlyArray<string>
) =>
  Effect.gen(function*() {
    const libc = yield* Libc
    return yield* supervise(yield* openShared, { stdin: "pipe" }, (supervision) => {
      const argv = Arr.map(command(supervision.secret), (argument) => CString.make(argument))
      const started = {
        ...libc,
        posixSpawn: (...[, attributes]: Parameters<typeof libc.posixSpawn>) =>
          libc.posixSpawn({ path: argv[0], argv, envp: [] }, attributes)
      }
      return spawn(argv[0], plan, supervision).pipe(
        Effect.provideService(Libc, started),
        Effect.map((pid) => ({ pid, plan }))
      )
    })
  })

/** A program of the machine below the real supervisor. */
export const supervised = (...argv: Arr.NonEmptyReadonlyArray<string>) =>
  supervisedBy(planFor(argv), () => [real])

/** The file that a supervisor gets as its descriptor 5, for a plan. */
export const programFor = (plan: FixedPlan): Uint8Array => {
  const recorder = LibcRecorder.make()
  const supervision = { secret: new Uint8Array(16), descriptors: [0, 1, 2, 3, 4].map((fd) => Fd.make(fd)) }
  Effect.runSync(Effect.provide(spawn(CString.make("/"), plan, supervision), recorder.layer))
  const [bytes] = recorder.calls.flatMap(({ args, operation }) => operation === "write" ? args.slice(1) : [])
  return bytes instanceof Uint8Array ? bytes : new Uint8Array()
}

/** Descriptors and children of this process. */
export const possessions = () => ({
  descriptors: readdirSync("/proc/self/fd").length,
  children: readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
})
