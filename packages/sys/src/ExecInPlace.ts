/**
 * Carrying out a plan in place: the process that does so becomes the step.
 *
 * @since 0.1.0
 */
import * as CommandSearch from "@chroot-exec/core/CommandSearch"
import type { CString } from "@chroot-exec/core/CString"
import { processEnv, toEntries } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExecError from "@chroot-exec/core/ExecError"
import type { ExecPlan } from "@chroot-exec/core/ExecPlan"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { interpret, type State } from "./internal/interpret.js"
import type { LibcOperations, SyscallError } from "./Libc.js"
import { Libc } from "./Libc.js"
import { readRootEnvironment } from "./RootEnvironment.js"

/** Becomes the first of the files that the kernel accepts; if it accepts none, why not the first of them. */
const execve = (
  libc: LibcOperations,
  { environment, found }: State,
  argv: readonly [CString, ...ReadonlyArray<CString>]
) =>
  Effect.gen(function*() {
    const envp = toEntries(environment)
    let refused: SyscallError | undefined
    for (const { executePath } of found) {
      const error: SyscallError = yield* Effect.flip(libc.execve({ path: executePath, argv, envp }))
      refused ??= error
      if (!CommandSearch.isPassedOver(error.errno)) break
    }
    return yield* ExecError.fromExecve(argv[0], refused?.errno ?? Errno.of("ENOENT"))
  })

/**
 * Carries out a plan on this process, which then is the step: same pid, its own exit, nothing of ours left. It
 * returns only to fail, with the error of the operation that failed; no later one is begun.
 *
 * The process is not what it was then: it may have another root, and should report and exit.
 *
 * @since 0.1.0
 * @category operations
 */
export const execInPlace = Effect.fn("ExecInPlace.execInPlace")(function*(plan: ExecPlan) {
  const libc = yield* Libc
  yield* interpret<ExecError.ExecError, Libc>(plan, {
    mergeEnvironment: ({ container, skyhook, stopOn }, state) =>
      Option.match(state.null, {
        onNone: () => Effect.dieMessage("a plan that merges the environment opens /dev/null first"),
        onSome: (null_) =>
          Effect.map(
            readRootEnvironment(container, { null: null_, stopOn }),
            (root) => processEnv(container, skyhook, root)
          )
      }),
    execve: ({ argv }, state) => execve(libc, state, argv)
  })
  return yield* Effect.dieMessage("a plan for this interpreter ends with Execve")
})
