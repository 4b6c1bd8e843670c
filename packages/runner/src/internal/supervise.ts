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
    return { ours, theirs }
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

/** The next bytes, once there are some. */
const reader = (libc: LibcOperations, { fd }: OwnedFd) => (buffer: Uint8Array) => {
  const read = (): Effect.Effect<number, SyscallError> =>
    Effect.catchIf(
      libc.readInto(fd, buffer),
      wouldWait,
      () => Effect.zipRight(libc.poll(fd), Effect.suspend(read))
    )
  return read()
}

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

/** Hears what the supervisor tells until it exits, and reaps it. Never waits for anybody but the supervisor. */
const listen = (libc: LibcOperations, socket: OwnedFd, pid: Pid, progress: Progress) =>
  Effect.gen(function*() {
    const buffer = new Uint8Array(SIZE)
    let swept = 0
    while (true) {
      const length = yield* reader(libc, socket)(buffer).pipe(
        // It exited before it had read all that it was sent; what it told is still there.
        Effect.catchIf(({ errno }) => errno === "ECONNRESET", () => Effect.succeed(-1)),
        Effect.orElseSucceed(() => 0)
      )
      if (length === 0) break
      if (length < 0) continue
      const message = decode(buffer)
      if (message._tag === "Started") yield* Deferred.succeed(progress.started, message.pid)
      else if (message._tag === "Failed") yield* Deferred.fail(progress.started, new NotStarted(message))
      else if (message._tag === "Ended") yield* Deferred.succeed(progress.ended, message)
      else swept = message.count
    }
    // Its descriptors are closed, so that it ends without waiting for anything.
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
    yield* Effect.forEach([input, error].flatMap(Option.toArray), ({ theirs }) => theirs.close, { discard: true })
    const pid = yield* Deferred.await(progress.started)
    const whileOpen = (byte: number) =>
      Effect.asVoid(Effect.whenEffect(tell(byte), Effect.negate(Deferred.isDone(progress.gone))))
    return {
      pid,
      stdout: reader(libc, output.ours),
      stderr: Option.match(error, {
        onNone: () => () => Effect.succeed(0),
        onSome: (pipe) => reader(libc, pipe.ours)
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
