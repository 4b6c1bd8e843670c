/**
 * The interpreter of plans: one operation after the other. After one that fails, no later one is begun.
 */
import type { ExecError } from "@chroot-exec/core/ExecError"
import { type ExecPlan, FixedOperation, type Operation, toLine } from "@chroot-exec/core/ExecPlan"
import { Finding, isFinding } from "@chroot-exec/core/operation/Finding"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { Libc } from "../Libc.js"
import type { Syscalls } from "../Syscalls.js"
import { credentials } from "./operation/credentials.js"
import { files } from "./operation/files.js"
import { finding, type MergeEnvironment, type State } from "./operation/finding.js"
import { mounts } from "./operation/mounts.js"
import { namespaces } from "./operation/namespaces.js"
import { process } from "./operation/process.js"

export type { State } from "./operation/finding.js"

/** Whether somebody wants to know of each operation: its line is made only then. */
const isTold = Effect.map(
  FiberRef.get(FiberRef.currentMinimumLogLevel),
  (minimum) => LogLevel.lessThanEqual(minimum, LogLevel.Debug)
)

/** Tells of an operation, when anybody wants to know. */
const teller = Effect.map(
  isTold,
  (told) => (operation: Operation) => told ? Effect.logDebug(toLine(operation)) : Effect.void
)

/** What the fixed operations mean, over the calls of whoever carries them out or writes them down. */
const fixed = <Opened>(calls: Syscalls<Opened>) =>
  FixedOperation.$match({
    ...credentials(calls),
    ...files(calls),
    ...mounts(calls),
    ...namespaces(calls),
    ...process(calls)
  })

/** Carries out fixed operations, or has them written down, which is up to who makes the calls. */
export const carryOut = <Opened>(
  calls: Syscalls<Opened>,
  operations: ReadonlyArray<FixedOperation>
): Effect.Effect<void, ExecError> =>
  Effect.gen(function*() {
    const [tell, apply] = [yield* teller, fixed(calls)]
    for (const operation of operations) {
      yield* tell(operation)
      yield* apply(operation)
    }
  })

const nothing: State = { null: Option.none(), environment: {}, found: [] }

/** Carries out the first stage, and returns what has been found in it. */
export const enter = <E, R>(
  { enter: operations }: ExecPlan,
  mergeEnvironment: MergeEnvironment<E, R>
): Effect.Effect<State, ExecError | E, Libc | R> =>
  Effect.gen(function*() {
    const libc = yield* Libc
    const [tell, find, apply] = [yield* teller, Finding.$match(finding(libc, mergeEnvironment)), fixed(libc)]
    let state = nothing
    for (const operation of operations) {
      yield* tell(operation)
      if (isFinding(operation)) state = yield* find(operation)(state)
      else yield* apply(operation)
    }
    return state
  })

/** The second stage, in which the command and its environment are those that were found. */
export const resolve = ({ become }: ExecPlan, { environment, found }: State) =>
  Effect.forEach(become, (operation): Effect.Effect<FixedOperation> => {
    if (operation._tag !== "ExecveFound") return Effect.succeed(operation)
    const files = found.map(({ executePath }) => executePath)
    return Arr.isNonEmptyReadonlyArray(files)
      ? Effect.succeed(FixedOperation.Execve({ files, argv: operation.argv, environment }))
      : Effect.dieMessage("a plan finds its command before it becomes it")
  })

/** The files that the command may be. */
export const filesOf = (become: ReadonlyArray<FixedOperation>) =>
  Option.match(Arr.findLast(become, FixedOperation.$is("Execve")), {
    onNone: () => Effect.dieMessage("a plan ends with Execve"),
    onSome: ({ files }) => Effect.succeed(files)
  })
