/**
 * A process below the supervisor: its pipes, what the supervisor tells of it, and its end.
 */
import * as Errno from "@chroot-exec/core/Errno"
import type { ExecError } from "@chroot-exec/core/ExecError"
import type { FixedPlan } from "@chroot-exec/core/ExecPlan"
import * as Signal from "@chroot-exec/core/Signal"
import { type Fd, Pid, SignalNumber } from "@chroot-exec/sys/Brands"
import type { LibcOperations } from "@chroot-exec/sys/Libc"
import { Libc } from "@chroot-exec/sys/Libc"
import { explain, type Supervision } from "@chroot-exec/sys/Supervised"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { randomBytes } from "node:crypto"
import type { Ended, RunningStep } from "../Launcher.js"
import { type LauncherFailed, StepNotEnded } from "../LauncherError.js"
import { failed } from "./failed.js"
import { own, type OwnedFd } from "./ownedFd.js"
import { inputPipe, outputPipe } from "./pipes.js"
import { reap } from "./reap.js"
import { decode, END, LEAVE, type Message, SECRET_SIZE, SIZE } from "./supervisorMessage.js"

/** There is no step: the error of the operation that failed, none when it was the supervisor's own. */
export class NotStarted extends Data.TaggedError("NotStarted")<{
  readonly why: Option.Option<ExecError>
  readonly errno: Errno.Errno
}> {}

/** The process of a supervisor, what it carries out, and why it must not go on, when that is so. */
export interface Supervisor {
  readonly pid: Pid
  readonly plan: FixedPlan
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
  /** Descriptors that the step gets as its 6 and so on. */
  readonly passed?: ReadonlyArray<Fd>
}

/** What is known of the process so far. */
interface Progress {
  readonly started: Deferred.Deferred<number, LauncherFailed | NotStarted>
  readonly ended: Deferred.Deferred<Ended, LauncherFailed>
  readonly gone: Deferred.Deferred<number, StepNotEnded>
}

/** Why nothing more is known. */
const lost = Effect.suspend(() => failed("supervisor"))

/** A supervisor, which may become another process. */
interface Heard {
  readonly socket: OwnedFd
  readonly secret: Uint8Array
  readonly plan: FixedPlan
  /** Undefined once nothing may be sent to it. */
  pid: Pid | undefined
}

const notStarted = (plan: FixedPlan, { errno, index }: Extract<Message, { readonly _tag: "Failed" }>) =>
  Effect.map(
    index === undefined ? Effect.succeedNone : explain(plan, { index, errno }),
    (why) => new NotStarted({ why, errno })
  )

/** What a message tells; the number of processes that were ended when it is the last one. */
const take = (libc: LibcOperations, heard: Heard, message: Message, progress: Progress) =>
  Effect.gen(function*() {
    switch (message._tag) {
      case "Started":
        yield* Deferred.succeed(progress.started, message.pid)
        return undefined
      case "Failed":
        yield* Deferred.fail(progress.started, yield* notStarted(heard.plan, message))
        return undefined
      case "Ended":
        yield* Deferred.succeed(progress.ended, message)
        return undefined
      case "Moved": {
        const before = heard.pid
        heard.pid = Pid.make(message.pid)
        if (before !== undefined) yield* reap(libc, before)
        return undefined
      }
      case "Swept":
        return message.count
    }
  })

/**
 * Hears what the supervisor tells until its last word, or until it is gone; how many processes it has ended.
 *
 * recv(2) looks for a message first and for the other end only then: a message may come in between, so that one end is
 * not yet the end.
 */
const hear = (libc: LibcOperations, heard: Heard, progress: Progress) =>
  Effect.acquireUseRelease(
    libc.watch(heard.socket.fd),
    ({ readable }) =>
      Effect.gen(function*() {
        const buffer = new Uint8Array(SIZE)
        const read = libc.readInto(heard.socket.fd, buffer)
        // It may exit before it has read all that it was sent. What it has told is still there.
        const receive = Effect.catchIf(read, ({ errno }) => Errno.is(errno, "ECONNRESET"), () => read)
        let ends = 0
        while (ends < 2) {
          const length = yield* receive
          if (length === 0) ends++
          else if (length < 0) yield* readable
          else {
            const message = decode(buffer, heard.secret)
            if (message === undefined) return yield* lost
            const swept = yield* take(libc, heard, message, progress)
            if (swept !== undefined) return swept
          }
        }
        return 0
      }),
    ({ close }) => close
  )

/** Hears the supervisor to its end, and reaps it. */
const listen = (libc: LibcOperations, heard: Heard, progress: Progress) =>
  Effect.gen(function*() {
    // It ends when nobody hears it.
    const swept = yield* Effect.catchAll(hear(libc, heard, progress), () => Effect.as(heard.socket.close, 0))
    // It has nothing left to wait for.
    const { pid } = heard
    heard.pid = undefined
    if (pid !== undefined) yield* reap(libc, pid)
    yield* Deferred.completeWith(progress.started, lost)
    yield* Deferred.completeWith(progress.ended, lost)
    yield* Deferred.succeed(progress.gone, swept)
  })

const SIGCONT = SignalNumber.make(Signal.toNumber("SIGCONT"))
const SIGKILL = SignalNumber.make(Signal.toNumber("SIGKILL"))

/** How long everything may take to end. Only what hangs in the kernel, or is not ours to end, takes as long. */
const DEADLINE = Duration.seconds(30)

/** What the supervisor can be told, as long as it is there. */
const makeControls = (libc: LibcOperations, heard: Heard, progress: Progress) => {
  const kill = (signal: SignalNumber) =>
    Effect.suspend(() => heard.pid === undefined ? Effect.void : Effect.ignore(libc.kill(heard.pid, signal)))
  // Also once the supervisor is gone; but a socket that is closed may be another descriptor by now.
  const tell = (byte: number) =>
    Effect.suspend(() =>
      heard.socket.isOpen()
        // The step may have stopped it.
        ? Effect.zipRight(kill(SIGCONT), Effect.ignore(libc.write(heard.socket.fd, Uint8Array.of(byte))))
        : Effect.void
    )
  const giveUp = Effect.gen(function*() {
    const started = yield* Deferred.poll(progress.started)
    const pid = Option.isSome(started) ? yield* Effect.orElseSucceed(started.value, () => 0) : 0
    yield* Deferred.fail(progress.gone, new StepNotEnded({ pid }))
    // With it, the kernel ends the step.
    yield* kill(SIGKILL)
  })
  const end = Effect.gen(function*() {
    if (!(yield* Deferred.isDone(progress.gone))) yield* tell(END)
    const deadline = yield* Effect.forkDaemon(Effect.interruptible(Effect.delay(giveUp, DEADLINE)))
    return yield* Effect.ensuring(Deferred.await(progress.gone), Fiber.interrupt(deadline))
  })
  return { tell, end }
}

/**
 * Starts the supervisor with `start`, which gets its descriptors in order, and returns once the step has started.
 * `start` is not interrupted: what it starts would not be known to anybody. When the scope is closed the step is ended,
 * with all that descends from it.
 */
export const supervise = <E, R>(
  shared: Shared,
  { passed = [], stderr, stdin }: Streams,
  start: (supervision: Supervision) => Effect.Effect<Supervisor, E, R>
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
      gone: yield* Deferred.make<number, StepNotEnded>()
    }
    const supervision: Supervision = {
      secret: randomBytes(SECRET_SIZE),
      descriptors: [
        input?.theirs.fd ?? shared.null,
        output.theirs.fd,
        error?.theirs.fd ?? stderr ?? shared.null,
        theirs.fd,
        shared.proc,
        ...passed
      ]
    }
    const { controls: { end, tell }, failure } = yield* Effect.acquireRelease(
      Effect.map(start(supervision), ({ failure, pid, plan }) => {
        const heard: Heard = { socket, secret: supervision.secret, plan, pid }
        return { failure, heard, controls: makeControls(libc, heard, progress) }
      }).pipe(
        Effect.tap(({ heard }) => Effect.forkDaemon(Effect.uninterruptible(listen(libc, heard, progress))))
      ),
      ({ controls }) => Effect.catchAll(controls.end, (error) => Effect.logWarning(error.message))
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
