/**
 * Carrying out a plan against the recorder.
 */
import type { ExecError } from "@chroot-exec/core/ExecError"
import type { ExecPlan } from "@chroot-exec/core/ExecPlan"
import { execInPlace } from "@chroot-exec/sys/ExecInPlace"
import type { LibcOperations } from "@chroot-exec/sys/Libc"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** A root with a step, a tool and a working directory, whose `env` knows `-0`. */
export const world: LibcRecorder.World = {
  status: {
    "/step": LibcRecorder.file(0o644),
    "/work": LibcRecorder.directory,
    "/bin/env": LibcRecorder.file(0o755),
    "/bin/tool": LibcRecorder.file(0o755)
  },
  output: () => "A=root\0"
}

/** How it ended: the process became the step, or the error of an operation. */
type Outcome = { readonly became: "the step" } | { readonly error: ExecError }

export interface Recording {
  readonly outcome: Outcome
  readonly calls: ReadonlyArray<LibcRecorder.Call>
}

/** A call on one line: `chroot "/host"`. */
export const show = ({ args, operation }: LibcRecorder.Call): string =>
  [
    operation,
    ...args.map((arg) =>
      arg instanceof Uint8Array ? Buffer.from(arg).toString().trimEnd() : JSON.stringify(
        arg,
        (_, value: unknown) => typeof value === "bigint" ? `0x${value.toString(16)}` : value
      )
    )
  ].join(" ")

/** In a fiber of its own, since a successful execve(2) interrupts it. */
export const carryOut = (
  plan: ExecPlan,
  options: { readonly world?: LibcRecorder.World; readonly fault?: LibcRecorder.Fault } = {}
): Effect.Effect<Recording> =>
  Effect.gen(function*() {
    const recorder = LibcRecorder.make({ ...world, ...options.world }, options.fault)
    const fiber = yield* Effect.fork(Effect.provide(execInPlace(plan), recorder.layer))
    const exit = yield* Fiber.await(fiber)
    const outcome = Exit.isInterrupted(exit)
      ? { became: "the step" } as const
      : { error: yield* Effect.flip(exit) }
    return { outcome, calls: recorder.calls }
  })

/** The operations that only clean up: they may follow a failure. */
export const cleanup: ReadonlySet<keyof LibcOperations> = new Set(["close", "kill", "wait4"])
