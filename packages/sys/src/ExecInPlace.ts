/**
 * Carrying out a plan in place: the process that does so becomes the step.
 *
 * @since 0.1.0
 */
import { processEnv } from "@chroot-exec/core/Environment"
import type { ExecError } from "@chroot-exec/core/ExecError"
import type { ExecPlan } from "@chroot-exec/core/ExecPlan"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { carryOut, enter, resolve } from "./internal/interpret.js"
import { Libc } from "./Libc.js"
import { readRootEnvironment } from "./RootEnvironment.js"

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
  const state = yield* enter<ExecError, Libc>(
    plan,
    ({ container, skyhook, stopOn }, { null: null_ }) =>
      Option.match(null_, {
        onNone: () => Effect.dieMessage("a plan that merges the environment opens /dev/null first"),
        onSome: (fd) =>
          Effect.map(
            readRootEnvironment(container, { null: fd, stopOn }),
            (root) => processEnv(container, skyhook, root)
          )
      })
  )
  yield* carryOut(libc, yield* resolve(plan, state))
  return yield* Effect.dieMessage("a plan ends with Execve")
})
