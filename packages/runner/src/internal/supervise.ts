/**
 * A process below the supervisor: its pipes, what the supervisor tells of it, and its end.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as Signal from "@chroot-exec/core/Signal"
import type { Fd, Pid } from "@chroot-exec/sys/Brands"
import type { LibcOperations } from "@chroot-exec/sys/Libc"
import { Libc } from "@chroot-exec/sys/Libc"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Ended, RunningStep } from "../Launcher.js"
import type { LauncherFailed } from "../LauncherError.js"
import { failed } from "./failed.js"
import { own, type OwnedFd } from "./ownedFd.js"
import { inputPipe, outputPipe } from "./pipes.js"
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

/** What is known of the process so far. */
interface Progress {
  readonly started: Deferred.Deferred<number, LauncherFailed | NotStarted>
  readonly ended: Deferred.Deferred<Ended, LauncherFailed>
  readonly gone: Deferred.Deferred<number>
}

/** Why nothing more is known. */
const lost = Effect.suspend(() => failed("supervisor"))

/**
 * Hears what the supervisor tells until its last word, or until it is gone; how many processes it has ended.
 *
 * recv(2) looks for a message first and for the other end only then: a message may come in between, so that one end is
 * not yet the end.
 */
const hear = (libc: LibcOperations, socket: OwnedFd, progress: Progress) =>
  Effect.acquireUseRelease(
    libc.watch(socket.fd),
    ({ readable }) =>
      Effect.gen(function*() {
        const buffer = new Uint8Array(SIZE)
        const read = libc.readInto(socket.fd, buffer)
        // It may exit before it has read all that it was sent. What it has told is still there.
        const receive = Effect.catchIf(read, ({ errno }) => Errno.is(errno, "ECONNRESET"), () => read)
        let ends = 0
        while (ends < 2) {
          const length = yield* receive
          if (length === 0) ends++
          else if (length < 0) yield* readable
          else {
            const message = decode(buffer)
            if (message === undefined) return yield* lost
            if (message._tag === "Started") yield* Deferred.succeed(progress.started, message.pid)
            else if (message._tag === "Failed") {
              yield* Deferred.fail(progress.started, new NotStarted(message))
            } else if (message._tag === "Ended") yield* Deferred.succeed(progress.ended, message)
            else return message.count
          }
        }
        return 0
      }),
    ({ close }) => close
  )

/** Hears the supervisor to its end, and reaps it. */
const listen = (libc: LibcOperations, socket: OwnedFd, pid: Pid, progress: Progress) =>
  Effect.gen(function*() {
    // It ends when nobody hears it.
    const swept = yield* Effect.catchAll(hear(libc, socket, progress), () => Effect.as(socket.close, 0))
    // It has nothing left to wait for.
    yield* Effect.ignore(libc.reap(pid))
    yield* Deferred.completeWith(progress.started, lost)
    yield* Deferred.completeWith(progress.ended, lost)
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
    const { error, input, output, sockets: [socket, theirs] } = yield* Effect.all({
      input: stdin === "pipe" ? inputPipe(libc) : Effect.succeed(undefined),
      output: outputPipe(libc),
      error: stderr === undefined ? outputPipe(libc) : Effect.succeed(undefined),
      sockets: own(libc, libc.socketpair())
    }).pipe(Effect.mapError((error) => failed("descriptors", error)))
    const progress: Progress = {
      started: yield* Deferred.make<number, LauncherFailed | NotStarted>(),
      ended: yield* Deferred.make<Ended, LauncherFailed>(),
      gone: yield* Deferred.make<number>()
    }
    // Also once the supervisor is gone; but a socket that is closed may be another descriptor by now.
    const tell = (byte: number) =>
      Effect.suspend(() =>
        socket.isOpen() ? Effect.ignore(libc.write(socket.fd, Uint8Array.of(byte))) : Effect.void
      )
    const end = Effect.zipRight(
      Effect.whenEffect(tell(END), Effect.negate(Deferred.isDone(progress.gone))),
      Deferred.await(progress.gone)
    )
    const { failure } = yield* Effect.acquireRelease(
      Effect.tap(
        start([
          input?.theirs.fd ?? shared.null,
          output.theirs.fd,
          error?.theirs.fd ?? stderr ?? shared.null,
          theirs.fd,
          shared.proc,
          ...passed
        ]),
        ({ pid }) => Effect.forkDaemon(Effect.uninterruptible(listen(libc, socket, pid, progress)))
      ),
      () => end
    )
    if (failure !== undefined) return yield* failure
    for (const descriptor of [input?.theirs, output.theirs, error?.theirs, theirs]) {
      if (descriptor !== undefined) yield* descriptor.close
    }
    return {
      pid: yield* Deferred.await(progress.started),
      stdout: output.read,
      stderr: error?.read ?? (() => Effect.succeed(0)),
      write: input?.write ?? (() => Effect.succeed(false)),
      closeInput: input?.close ?? Effect.void,
      ended: Deferred.await(progress.ended),
      signal: (signal) => tell(Signal.toNumber(signal)),
      end: Effect.asVoid(end),
      gone: Deferred.await(progress.gone),
      leave: tell(LEAVE)
    }
  })
