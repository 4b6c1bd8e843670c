/**
 * What the operations mean that depend on what they find.
 */
import * as CString from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import * as ExecError from "@chroot-exec/core/ExecError"
import type { Stdio } from "@chroot-exec/core/Inherited"
import type { Finding } from "@chroot-exec/core/operation/Finding"
import type { Cases } from "@chroot-exec/core/operation/Shown"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Fd, Mode } from "../../Brands.js"
import type { Libc, LibcOperations } from "../../Libc.js"
import { closeFds } from "../closeFds.js"
import { O_NONBLOCK } from "../constants.js"
import { findCommand, type Found } from "../findCommand.js"
import { directoryUnusable, restoreFailed } from "./errors.js"

/** What later operations need of earlier ones. */
export interface State {
  /** A descriptor of `/dev/null`, once there is one. */
  readonly null: Option.Option<Fd>
  readonly environment: Environment
  /** The files that the command may be, in the order in which they are tried. */
  readonly found: ReadonlyArray<Found>
}

/** The environment of the step, which is found in another way in place and by a launcher's thread. */
export type MergeEnvironment<E, R> = (
  operation: Extract<Finding, { readonly _tag: "MergeEnvironment" }>,
  state: State
) => Effect.Effect<Environment, E, R>

const EXECUTE_BITS = 0o111

const STDIO = [0, 1, 2].map((fd) => Fd.make(fd))

/** chmod(2), unless the bits are there already. Only regular files are ever found. */
const addExecuteBits = (libc: LibcOperations, { path, status }: Found) =>
  (status.mode & EXECUTE_BITS) === EXECUTE_BITS
    ? Effect.void
    : libc.chmod(path, Mode.make(status.mode | EXECUTE_BITS)).pipe(
      Effect.mapError(({ errno }) => new ExecError.ChmodFailed({ path, errno }))
    )

/** O_NONBLOCK belongs to the open file that others share: it is changed only where it differs. */
const keepStdio = (libc: LibcOperations, stdio: Stdio) =>
  Effect.forEach(STDIO, (fd) =>
    Effect.gen(function*() {
      yield* libc.setCloseOnExec(fd, !stdio.open.includes(fd))
      const flags = yield* libc.getStatusFlags(fd)
      const wanted = stdio.nonBlocking.includes(fd) ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
      if (wanted !== flags) yield* libc.setStatusFlags(fd, wanted)
    }), { discard: true })

const noNull = ({ errno }: { readonly errno: Errno.Errno }) =>
  new ExecError.EnvironmentUnreadable({ reason: "NoNull", errno: Option.some(errno) })

export const finding = <E, R>(
  libc: LibcOperations,
  mergeEnvironment: MergeEnvironment<E, R>
): Cases<Finding, (state: State) => Effect.Effect<State, ExecError.ExecError | E, Libc | R>> => ({
  CloseFds: ({ first }) => (state) =>
    Effect.mapBoth(closeFds(Fd.make(first)), {
      onFailure: restoreFailed("descriptors"),
      onSuccess: () => state
    }),
  KeepStdio: (stdio) => (state) =>
    Effect.mapBoth(keepStdio(libc, stdio), {
      onFailure: restoreFailed("standard descriptors"),
      onSuccess: () => state
    }),
  OpenNull: () => (state) =>
    Effect.mapBoth(libc.open(CString.make("/dev/null"), "readWrite"), {
      onFailure: noNull,
      onSuccess: (fd) => ({ ...state, null: Option.some(fd) })
    }),
  CheckDirectory: (operation) => (state) =>
    libc.statx(operation.directory).pipe(
      Effect.filterOrFail(({ type }) => type === "directory", () => ({ errno: Errno.of("ENOTDIR") })),
      Effect.mapBoth({ onFailure: directoryUnusable(operation), onSuccess: () => state })
    ),
  FindCommand: (operation) => (state) =>
    Effect.map(findCommand(operation, state.environment), (found) => ({ ...state, found })),
  AddExecuteBits: () => (state) =>
    Effect.as(Effect.forEach(state.found.slice(0, 1), (file) => addExecuteBits(libc, file)), state),
  MergeEnvironment: (operation) => (state) =>
    Effect.map(mergeEnvironment(operation, state), (environment) => ({ ...state, environment }))
})
