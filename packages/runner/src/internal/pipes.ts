/**
 * The pipes between this process and a step.
 */
import * as Errno from "@chroot-exec/core/Errno"
import type { Fd } from "@chroot-exec/sys/Brands"
import { type LibcOperations, O_NONBLOCK, type SyscallError } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { own, type OwnedFd } from "./ownedFd.js"

/** A pipe is not smaller than what is read at once; where the kernel does not allow that, it stays as it is. */
const PIPE_SIZE = 1024 * 1024

/** The two ends of a pipe: the one to read from, the one to write to. */
export const ownPipe = (libc: LibcOperations) =>
  own(libc, Effect.map(libc.pipe2(), ({ read, write }) => [read, write] as const))

/** Our end does not wait; the step's does, as programs expect. */
const makePipe = (libc: LibcOperations, ours: "read" | "write") =>
  Effect.gen(function*() {
    const [read, write] = yield* ownPipe(libc)
    const ends = ours === "read" ? { ours: read, theirs: write } : { ours: write, theirs: read }
    yield* libc.setStatusFlags(ends.ours.fd, O_NONBLOCK)
    return ends
  })

/** Reads the next bytes into a buffer, once there are some; 0 at the end. */
export type Reader = (buffer: Uint8Array) => Effect.Effect<number, SyscallError>

export const makeReader = (
  libc: LibcOperations,
  { fd }: OwnedFd
): Effect.Effect<Reader, SyscallError, Scope.Scope> =>
  Effect.map(Effect.acquireRelease(libc.watch(fd), ({ close }) => close), ({ readable }) => {
    // Reading comes first: of a step that has ended, output and end are both there.
    const read: Reader = (buffer) =>
      Effect.flatMap(
        libc.readInto(fd, buffer),
        (count) =>
          count >= 0 ? Effect.succeed(count) : Effect.zipRight(readable, Effect.suspend(() => read(buffer)))
      )
    return read
  })

/** Writes all of the bytes; false when nobody reads. */
export type Writer = (bytes: Uint8Array) => Effect.Effect<boolean, SyscallError>

const makeWriter = (libc: LibcOperations, fd: Fd): Writer => {
  const write: Writer = (bytes) =>
    bytes.length === 0 ? Effect.succeed(true) : libc.write(fd, bytes).pipe(
      Effect.flatMap((count) => write(bytes.subarray(count))),
      Effect.catchIf(
        ({ errno }) => Errno.is(errno, "EAGAIN"),
        () => Effect.zipRight(libc.pollWritable(fd), Effect.suspend(() => write(bytes)))
      ),
      Effect.catchIf(({ errno }) => Errno.is(errno, "EPIPE"), () => Effect.succeed(false))
    )
  return write
}

/** A pipe that the step writes to. */
export interface OutputPipe {
  readonly theirs: OwnedFd
  readonly read: Reader
}

export const outputPipe = (libc: LibcOperations): Effect.Effect<OutputPipe, SyscallError, Scope.Scope> =>
  Effect.gen(function*() {
    const { ours, theirs } = yield* makePipe(libc, "read")
    yield* Effect.ignore(libc.setPipeSize(ours.fd, PIPE_SIZE))
    return { theirs, read: yield* makeReader(libc, ours) }
  })

/** A pipe that the step reads from. */
export interface InputPipe {
  readonly theirs: OwnedFd
  readonly write: Writer
  readonly close: Effect.Effect<void>
}

export const inputPipe = (libc: LibcOperations): Effect.Effect<InputPipe, SyscallError, Scope.Scope> =>
  Effect.map(makePipe(libc, "write"), ({ ours, theirs }) => ({
    theirs,
    write: makeWriter(libc, ours.fd),
    close: ours.close
  }))
