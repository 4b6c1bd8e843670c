/**
 * The variables that the root's own `env` adds or changes.
 *
 * @since 0.1.0
 */
import * as CommandSearch from "@chroot-exec/core/CommandSearch"
import * as CString from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import * as Env from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import { EnvironmentUnreadable, Terminated } from "@chroot-exec/core/ExecError"
import type { SignalSet } from "@chroot-exec/core/Signal"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Fd } from "./Brands.js"
import { capture } from "./internal/capture.js"
import type { Executable } from "./internal/locate.js"
import { locate } from "./internal/locate.js"
import type { SyscallError } from "./Libc.js"
import { Libc, syscalls } from "./Libc.js"

/** More than execve(2) takes on any Linux: a larger output is no environment. */
const LIMIT = 8 * 1024 * 1024

const STDERR = Fd.make(2)

const unreadable = (reason: EnvironmentUnreadable["reason"], error?: SyscallError) =>
  new EnvironmentUnreadable({ reason, errno: Option.fromNullable(error?.errno) })

const fromSyscall = (error: SyscallError) =>
  Errno.is(error.errno, "EFBIG") ? unreadable("TooLarge") : unreadable("SystemCall", error)

/** The kernel does not execute this file; another one may do. */
const isRefused = ({ errno, syscall }: SyscallError): boolean =>
  syscall === syscalls.posixSpawn && CommandSearch.isPassedOver(errno)

/**
 * The files that `env` may be: those of the container's PATH, then those of the usual directories, which a
 * container's PATH need not name. At least one; `EnvironmentUnreadable` when there is none.
 *
 * @since 0.1.0
 * @category operations
 */
export const findEnv = (
  container: Environment
): Effect.Effect<NonEmptyReadonlyArray<Executable>, EnvironmentUnreadable, Libc> =>
  Effect.gen(function*() {
    const candidates = [Env.get(container, "PATH"), undefined].flatMap((path) =>
      CommandSearch.candidates("env", path, ".")
    )
    const { executables, refused } = yield* locate([...new Set(candidates)])
    if (Arr.isNonEmptyReadonlyArray(executables)) return executables
    return yield* refused === undefined ? unreadable("NotFound") : unreadable("NotExecutable", refused.error)
  }).pipe(Effect.catchTag("SyscallError", (error) => unreadable("SystemCall", error)))

/**
 * The variables that `env` prints, whichever way it is run: `run` gets its arguments and its environment, and returns
 * its output.
 *
 * `env -0` first (coreutils, busybox), since only NULs keep values with newlines whole. An `env` that does not know
 * `-0` runs a second time without it, and without the variables that its lines could not tell apart: those keep their
 * values anyway.
 *
 * @since 0.1.0
 * @category combinators
 */
export const readBy = <E, R>(
  container: Environment,
  run: (
    argv: readonly ["env", "-0"] | readonly ["env"],
    environment: Environment
  ) => Effect.Effect<Uint8Array, E, R>
): Effect.Effect<Environment, E, R> =>
  Effect.flatMap(
    run(["env", "-0"], container),
    (output) =>
      Option.match(Env.fromNulOutput(output, container), {
        onSome: Effect.succeed,
        onNone: () => Effect.map(run(["env"], Env.withoutNewlines(container)), Env.fromLines)
      })
  )

/** Runs the first of the files that the kernel executes; if it executes none, tells why not the first of them. */
const run = (
  files: ReadonlyArray<Executable>,
  argv: ReadonlyArray<string>,
  environment: Environment,
  stdio: { readonly stdin: Fd; readonly stderr: Fd }
) =>
  Effect.gen(function*() {
    const envp = Env.toEntries(environment)
    let refusal: SyscallError | undefined
    for (const { path } of files) {
      const program = { path, argv: argv.map(CString.make), envp }
      const output = yield* Effect.either(capture(program, { ...stdio, limit: LIMIT }))
      if (output._tag === "Right") return output.right
      if (!isRefused(output.left)) return yield* fromSyscall(output.left)
      refusal ??= output.left
    }
    return yield* unreadable("NotExecutable", refusal)
  })

/**
 * What `env` prints in this root when it is given the container's environment. Its exit status does not count.
 *
 * A signal of `stopOn` that arrives meanwhile kills `env` (`Terminated`). `EnvironmentUnreadable` when there is no
 * `env`, when it does not start, or when it prints too much. `null` is a descriptor of `/dev/null`.
 *
 * @since 0.1.0
 * @category operations
 */
export const readRootEnvironment = Effect.fn("RootEnvironment.readRootEnvironment")(function*(
  container: Environment,
  options: { readonly null: Fd; readonly stopOn: SignalSet }
) {
  const libc = yield* Libc
  const read = Effect.gen(function*() {
    const files = yield* findEnv(container)
    return yield* readBy(container, (argv, environment) =>
      // What the first attempt says on standard error may only be about `-0`.
      run(files, argv, environment, { stdin: options.null, stderr: argv.length > 1 ? options.null : STDERR }))
  })
  const stopped = libc.sigwait(options.stopOn).pipe(
    Effect.mapError((error) => unreadable("SystemCall", error)),
    Effect.flatMap((signal) => new Terminated({ signal }))
  )
  // Listening comes first, so that no signal finds `env` running and nobody to end it.
  return yield* Effect.raceFirst(stopped, Effect.zipRight(Effect.yieldNow(), read))
})
