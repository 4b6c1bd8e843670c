/**
 * A process below the supervisor: its pipes, what the supervisor tells of it, and its end.
 */
import type * as Errno from "@chroot-exec/core/Errno"
import * as Signal from "@chroot-exec/core/Signal"
import type { Fd, Pid } from "@chroot-exec/sys/Brands"
import type { LibcOperations, SyscallError } from "@chroot-exec/sys/Libc"
import { Libc, O_NONBLOCK } from "@chroot-exec/sys/Libc"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Ended, RunningStep } from "../Launcher.js"
import { LauncherFailed } from "../LauncherError.js"
import { own, type OwnedFd } from "./ownedFd.js"
import { decode, END, LEAVE, type Place, SIZE } from "./supervisorMessage.js"

/** There is no step: what failed, and with what. */
export class NotStarted extends Data.TaggedError("NotStarted")<{
  readonly place: Place
  readonly errno: Errno.Errno
}> {}

/** The process of a supervisor, and why it must not go on, when that is so. */
export interface Supervisor {
  readonly pid: Pid
  readonly failure?: LauncherFailed
}

/** What every process below a supervisor is given, open while the launcher is. */
export interface Shared {
  readonly null: Fd
  /** The directory `/proc`. */
  readonly proc: Fd
}

export interface Streams {
  readonly stdin: "empty" | "pipe"
  /** A descriptor for standard error; a pipe unless given. */
  readonly stderr?: Fd
  /** Descriptors that the step gets as its 5 and so on. */
  readonly passed?: ReadonlyArray<Fd>
}

/** A pipe is not smaller than what is read at once; where the kernel does not allow that, it stays as it is. */
const PIPE_SIZE = 1024 * 1024

const noDescriptors = ({ errno }: SyscallError) =>
  new LauncherFailed({ what: "descriptors", errno: Option.some(errno) })

/** Our end does not wait; the step's does, as programs expect. */
const outputPipe = (libc: LibcOperations) =>
  Effect.gen(function*() {
    const [ours, theirs] = yield* own(
      libc,
      Effect.map(libc.pipe2(), ({ read, write }) => [read, write] as const)
    )
    yield* libc.setStatusFlags(ours.fd, O_NONBLOCK)
    yield* Effect.ignore(libc.setPipeSize(ours.fd, PIPE_SIZE))
    return { theirs, read: yield* makeReader(libc, ours) }
  })

const inputPipe = (libc: LibcOperations) =>
  Effect.gen(function*() {
    const [theirs, ours] = yield* own(
      libc,
      Effect.map(libc.pipe2(), ({ read, write }) => [read, write] as const)
    )
    yield* libc.setStatusFlags(ours.fd, O_NONBLOCK)
    return { ours, theirs }
  })

const wouldWait = ({ errno }: SyscallError): boolean => errno === "EAGAIN"

type Reader = (buffer: Uint8Array) => Effect.Effect<number, SyscallError>

/** Reads the next bytes, once there are some. */
export const makeReader = (
  libc: LibcOperations,
  { fd }: OwnedFd
): Effect.Effect<Reader, SyscallError, Scope.Scope> =>
  Effect.map(Effect.acquireRelease(libc.watch(fd), ({ close }) => close), ({ readable }) => {
    // What has not filled the buffer was all that there was.
    let empty = true
    const read = (buffer: Uint8Array): Effect.Effect<number, SyscallError> =>
      Effect.flatMap(libc.readInto(fd, buffer), (count) => {
        empty = count < buffer.length
        return count >= 0 ? Effect.succeed(count) : waitAndRead(buffer)
      })
    const waitAndRead = (buffer: Uint8Array): Effect.Effect<number, SyscallError> =>
      Effect.zipRight(readable, Effect.suspend(() => read(buffer)))
    return (buffer) => empty ? waitAndRead(buffer) : read(buffer)
  })

/** All of the bytes; false when nobody reads. */
const writer = (libc: LibcOperations, fd: Fd) => {
  const write = (bytes: Uint8Array): Effect.Effect<boolean, SyscallError> =>
    bytes.length === 0 ? Effect.succeed(true) : libc.write(fd, bytes).pipe(
      Effect.flatMap((count) => write(bytes.subarray(count))),
      Effect.catchIf(
        wouldWait,
        () => Effect.zipRight(libc.pollWritable(fd), Effect.suspend(() => write(bytes)))
      ),
      Effect.catchIf(({ errno }) => errno === "EPIPE", () => Effect.succeed(false))
    )
  return write
}

/** What is known of the process so far. */
interface Progress {
  readonly started: Deferred.Deferred<number, LauncherFailed | NotStarted>
  readonly ended: Deferred.Deferred<Ended, LauncherFailed>
  readonly gone: Deferred.Deferred<number>
}

/** Hears what the supervisor tells until its last word, or until it is gone; how many processes it has ended. */
const hear = (libc: LibcOperations, socket: OwnedFd, progress: Progress) =>
  Effect.acquireUseRelease(
    libc.watch(socket.fd),
    ({ readable }) =>
      Effect.gen(function*() {
        const buffer = new Uint8Array(SIZE)
        while (true) {
          const length = yield* libc.readInto(socket.fd, buffer).pipe(
            // It exited before it had read all that it was sent; what it has told is still there.
            Effect.catchIf(({ errno }) => errno === "ECONNRESET", () => Effect.succeed(-1))
          )
          if (length === 0) return 0
          if (length < 0) {
            yield* readable
            continue
          }
          const message = decode(buffer)
          if (message._tag === "Started") yield* Deferred.succeed(progress.started, message.pid)
          else if (message._tag === "Failed") yield* Deferred.fail(progress.started, new NotStarted(message))
          else if (message._tag === "Ended") yield* Deferred.succeed(progress.ended, message)
          else return message.count
        }
      }),
    ({ close }) => close
  )

/** Hears the supervisor to its end, and reaps it. */
const listen = (libc: LibcOperations, socket: OwnedFd, pid: Pid, progress: Progress) =>
  Effect.gen(function*() {
    const swept = yield* Effect.orElseSucceed(hear(libc, socket, progress), () => 0)
    // It has nothing left to wait for.
    yield* Effect.ignore(libc.reap(pid))
    yield* socket.close
    const lost = new LauncherFailed({ what: "supervisor", errno: Option.none() })
    yield* Deferred.fail(progress.started, lost)
    yield* Deferred.fail(progress.ended, lost)
    yield* Deferred.succeed(progress.gone, swept)
  })

/**
 * Starts the supervisor with `start`, which gets its descriptors in order, and returns once the step has started.
 * `start` is not interrupted: what it starts would not be known to anybody. When the scope is closed the step is ended,
 * with all that descends from it.
 */
export const supervise = <E, R>(
  shared: Shared,
  { passed = [], stderr, stdin }: Streams,
  start: (descriptors: ReadonlyArray<Fd>) => Effect.Effect<Supervisor, E, R>
): Effect.Effect<RunningStep, E | LauncherFailed | NotStarted, Libc | R | Scope.Scope> =>
  Effect.gen(function*() {
    const libc = yield* Libc
    const pipes = Effect.all({
      input: stdin === "pipe" ? Effect.asSome(inputPipe(libc)) : Effect.succeedNone,
      output: outputPipe(libc),
      error: stderr === undefined ? Effect.asSome(outputPipe(libc)) : Effect.succeedNone,
      sockets: own(libc, libc.socketpair())
    })
    const { error, input, output, sockets: [socket, theirs] } = yield* Effect.mapError(pipes, noDescriptors)
    const progress: Progress = {
      started: yield* Deferred.make<number, LauncherFailed | NotStarted>(),
      ended: yield* Deferred.make<Ended, LauncherFailed>(),
      gone: yield* Deferred.make<number>()
    }
    const tell = (byte: number) => Effect.ignore(libc.write(socket.fd, Uint8Array.of(byte)))
    const end = Effect.zipRight(
      // A socket that is closed may be another descriptor by now.
      Effect.whenEffect(tell(END), Effect.negate(Deferred.isDone(progress.gone))),
      Deferred.await(progress.gone)
    )
    const { failure } = yield* Effect.acquireRelease(
      Effect.tap(
        start([
          Option.match(input, { onNone: () => shared.null, onSome: (pipe) => pipe.theirs.fd }),
          output.theirs.fd,
          Option.match(error, { onNone: () => stderr ?? shared.null, onSome: (pipe) => pipe.theirs.fd }),
          theirs.fd,
          shared.proc,
          ...passed
        ]),
        ({ pid }) => Effect.forkDaemon(Effect.uninterruptible(listen(libc, socket, pid, progress)))
      ),
      () => end
    )
    if (failure !== undefined) return yield* failure
    yield* output.theirs.close
    yield* theirs.close
    for (const pipe of [Option.getOrUndefined(input), Option.getOrUndefined(error)]) {
      if (pipe !== undefined) yield* pipe.theirs.close
    }
    const pid = yield* Deferred.await(progress.started)
    const whileOpen = (byte: number) =>
      Effect.asVoid(Effect.whenEffect(tell(byte), Effect.negate(Deferred.isDone(progress.gone))))
    return {
      pid,
      stdout: output.read,
      stderr: Option.match(error, {
        onNone: () => () => Effect.succeed(0),
        onSome: (pipe) => pipe.read
      }),
      write: Option.match(input, {
        onNone: () => () => Effect.succeed(false),
        onSome: (pipe) => writer(libc, pipe.ours.fd)
      }),
      closeInput: Option.match(input, { onNone: () => Effect.void, onSome: (pipe) => pipe.ours.close }),
      ended: Deferred.await(progress.ended),
      signal: (signal) => whileOpen(Signal.toNumber(signal)),
      end: Effect.asVoid(end),
      gone: Deferred.await(progress.gone),
      leave: whileOpen(LEAVE)
    }
  })
