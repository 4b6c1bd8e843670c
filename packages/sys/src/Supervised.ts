/**
 * Plans below the supervisor: a static program in one thread, which carries out what was written down for it.
 *
 * @since 0.1.0
 */
import * as CString from "@chroot-exec/core/CString"
import type * as Errno from "@chroot-exec/core/Errno"
import type { ExecError } from "@chroot-exec/core/ExecError"
import type { FixedPlan } from "@chroot-exec/core/ExecPlan"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Fd, Pid } from "./Brands.js"
import { writeAll } from "./File.js"
import { carryOut } from "./internal/interpret.js"
import { Memory } from "./internal/memoryImage.js"
import { encode } from "./internal/program.js"
import { makeWriting } from "./internal/writing.js"
import { Libc, type SyscallError } from "./Libc.js"

/**
 * What the supervisor gets besides its program.
 *
 * @since 0.1.0
 * @category models
 */
export interface Supervision {
  /**
   * Descriptors: the step's standard ones, the supervisor's socket, the directory `/proc`, and what the step gets as its
   * 6, 7 and so on.
   */
  readonly descriptors: ReadonlyArray<Fd>
  /** 16 bytes that nobody can guess, and that are in all of its messages. */
  readonly secret: Uint8Array
}

/** So many descriptors come before that of the program. */
const PROGRAM = 5

const NAME = CString.make("chroot-exec-supervise")

/** All that can have another action than the default. */
const ALL_SIGNALS = 0xffff_ffff_ffff_ffffn & ~Signal.set("SIGKILL", "SIGSTOP")

const writeDown = (plan: FixedPlan, { descriptors, secret }: Supervision) =>
  Effect.gen(function*() {
    const memory = new Memory()
    const enter = makeWriting(memory)
    yield* carryOut(enter.calls, plan.enter)
    const become = makeWriting(memory, { first: enter.instructions.length })
    yield* carryOut(become.calls, plan.become)
    const given = { secret, firstFree: descriptors.length + 1 }
    return encode(given, enter.instructions, become.instructions, memory)
  })

/**
 * Starts the supervisor at this path as a child of the calling thread, in its root: posix_spawn(3).
 *
 * @since 0.1.0
 * @category operations
 */
export const spawn = (
  path: CString.CString,
  plan: FixedPlan,
  supervision: Supervision
): Effect.Effect<Pid, ExecError | SyscallError, Libc> =>
  Effect.flatMap(Libc, (libc) =>
    Effect.acquireUseRelease(
      libc.memfdCreate(),
      (file) =>
        Effect.gen(function*() {
          yield* writeAll(file, yield* writeDown(plan, supervision))
          const { descriptors } = supervision
          return yield* libc.posixSpawn({ path, argv: [NAME], envp: [] }, {
            descriptors: [...descriptors.slice(0, PROGRAM), file, ...descriptors.slice(PROGRAM)],
            defaults: ALL_SIGNALS,
            blocked: 0n
          })
        }),
      (file) => Effect.ignore(libc.close(file))
    ))

/**
 * The error of the operation that the failed instruction belongs to; none when it is none of the plan's.
 *
 * @since 0.1.0
 * @category operations
 */
export const explain = (
  plan: FixedPlan,
  failure: { readonly index: number; readonly errno: Errno.Errno }
): Effect.Effect<Option.Option<ExecError>> =>
  Effect.gen(function*() {
    const { calls } = makeWriting(new Memory(), { failure })
    const result = yield* Effect.either(carryOut(calls, [...plan.enter, ...plan.become]))
    return result._tag === "Left" ? Option.some(result.left) : Option.none()
  })
