/**
 * Calling the C library and taking its errno at once.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as Effect from "effect/Effect"
import { type LibcOperations, type SyscallError, syscallError } from "../../Libc.js"
import type { bind } from "../bindings.js"
import type { Native } from "../koffi.js"

type Operation = keyof LibcOperations

/** A C library that has been loaded, and how its functions are called. */
export interface Calls {
  readonly koffi: Native
  readonly libc: ReturnType<typeof bind>
  readonly fail: (operation: Operation, errno: number) => Effect.Effect<never, SyscallError>
  /** A call that returns -1 on failure. */
  readonly call: <A>(
    operation: Operation,
    invoke: () => unknown,
    onSuccess: (result: number) => A
  ) => Effect.Effect<A, SyscallError>
  /** A call whose result does not matter. */
  readonly run: (operation: Operation, invoke: () => unknown) => Effect.Effect<void, SyscallError>
}

export const makeCalls = (koffi: Native, libc: Calls["libc"]): Calls => {
  const fail: Calls["fail"] = (operation, errno) =>
    Effect.fail(syscallError(operation, Errno.fromNumber(errno)))
  const call: Calls["call"] = (operation, invoke, onSuccess) =>
    Effect.suspend(() => {
      const result = Number(invoke())
      // Before anything else can run on this thread.
      return result === -1 ? fail(operation, koffi.errno()) : Effect.succeed(onSuccess(result))
    })
  return { koffi, libc, fail, call, run: (operation, invoke) => call(operation, invoke, () => undefined) }
}
