/**
 * A child process over `node:child_process`: where there is no `Libc`, such as on FreeBSD, and where nothing has to
 * be confined.
 *
 * The child leads a session and a process group of its own (setsid(2)), and does not outlive the scope that it was
 * started in.
 *
 * @since 0.1.0
 */
import type { Environment } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import { CommandNotExecutable, CommandNotFound } from "@chroot-exec/core/ExecError"
import { Exited, type ExitStatus, Signaled } from "@chroot-exec/core/ExitStatus"
import { quote } from "@chroot-exec/core/Quote"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Node from "node:child_process"
import { statSync } from "node:fs"
import { constants } from "node:os"
import type { Readable } from "node:stream"
import { errnoOf } from "./internal/childProcess/errno.js"
import { Group } from "./internal/childProcess/group.js"
import * as Pipes from "./internal/childProcess/pipes.js"
import { locate } from "./internal/childProcess/program.js"

/**
 * What to start.
 *
 * @since 0.1.0
 * @category models
 */
export interface Command {
  /** A path, or a name that is searched on PATH of `env`. */
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** All of the child's environment. */
  readonly env: Environment
  /** Where the child works, and where a relative `program` is; our own working directory when not given. */
  readonly cwd?: string | undefined
  /** What the child reads; nothing when not given. */
  readonly stdin?: Stream.Stream<Uint8Array> | undefined
  /** `inherit`: the child has our standard streams themselves; its `stdout` and `stderr` here are empty then. */
  readonly stdio?: "inherit" | undefined
  /** How long the child has after SIGTERM, when the scope ends; 5 seconds when not given. */
  readonly grace?: Duration.DurationInput | undefined
}

/**
 * A child that has been started.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChildProcess {
  /** Also the number of its process group and of its session. */
  readonly pid: number
  /**
   * What it writes, to be read once. Read slowly, it slows the child; unread, it is still there when the child has
   * exited. It ends when nobody has the other end open any more, which may be later than the child's exit.
   */
  readonly stdout: Stream.Stream<Uint8Array, OutputUnreadable>
  readonly stderr: Stream.Stream<Uint8Array, OutputUnreadable>
  /** How it ended, whether or not its output was read. Node does not tell whether a core was dumped. */
  readonly exit: Effect.Effect<ExitStatus>
  /** kill(2) to its process group. Nothing happens when nobody is left in it. */
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void, SignalRefused>
  /** SIGTERM to its process group; when anybody is left in it after `grace`, SIGKILL. Returns when they are gone. */
  readonly terminate: (grace: Duration.DurationInput) => Effect.Effect<void, SignalRefused>
}

/**
 * A program could not be started, though it is there and can be executed: no more processes or descriptors (EAGAIN,
 * EMFILE), no such working directory, or a text with a NUL or with bytes that are not UTF-8 (EINVAL).
 *
 * @since 0.1.0
 * @category errors
 */
export class ProcessNotStarted extends Schema.TaggedError<ProcessNotStarted>()("ProcessNotStarted", {
  program: Schema.String,
  /** The working directory, when that is what cannot be used. */
  cwd: Schema.optionalWith(Schema.String, { as: "Option" }),
  errno: Errno.Errno
}) {
  override get message(): string {
    const where = Option.match(this.cwd, { onNone: () => "", onSome: (cwd) => ` in ${quote(cwd)}` })
    return `cannot start ${quote(this.program)}${where}: ${Errno.describe(this.errno)}`
  }
}

/**
 * The child runs as somebody whom we may not signal (EPERM).
 *
 * @since 0.1.0
 * @category errors
 */
export class SignalRefused extends Schema.TaggedError<SignalRefused>()("SignalRefused", {
  pid: Schema.Int,
  signal: Schema.String
}) {
  override get message(): string {
    return `cannot send ${this.signal} to process group ${this.pid}: operation not permitted`
  }
}

/**
 * Reading from the child failed, which is not its end.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutputUnreadable extends Schema.TaggedError<OutputUnreadable>()("OutputUnreadable", {
  stream: Schema.Literal("stdout", "stderr"),
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot read ${this.stream} of the command: ${Errno.describe(this.errno)}`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type SpawnError = CommandNotFound | CommandNotExecutable | ProcessNotStarted

const GRACE: Duration.DurationInput = "5 seconds"

/** How long a group may take to go after SIGKILL: its orphans are reaped by somebody else. */
const REAPED = "1 second"

const isText = (text: string): boolean => !text.includes("\0") && !SurrogateEscape.hasEscapes(text)

const fail = ({ program }: Command, errno: Errno.Errno, cwd?: string) =>
  new ProcessNotStarted({ program, errno, cwd: Option.fromNullable(cwd) })

/** What Node would only report as if the program were missing, or not at all. */
const check = (command: Command): Effect.Effect<void, ProcessNotStarted> =>
  Effect.suspend(() => {
    const { args, cwd, env, program } = command
    const texts = [program, ...args, ...Object.entries(env).flat(), cwd ?? ""]
    if (!texts.every(isText)) return fail(command, Errno.of("EINVAL"))
    if (cwd === undefined) return Effect.void
    return Effect.try({
      try: () => statSync(cwd).isDirectory(),
      catch: (error) => fail(command, errnoOf(error), cwd)
    }).pipe(
      Effect.filterOrFail((isDirectory) => isDirectory, () => fail(command, Errno.of("ENOTDIR"), cwd)),
      Effect.asVoid
    )
  })

/** What execve(2) itself says of a file that was there a moment ago. */
const startError = (command: Command, error: unknown): SpawnError => {
  const errno = errnoOf(error)
  switch (errno as string) {
    case "ENOENT":
      return new CommandNotFound({ command: command.program, reason: "NoInterpreter" })
    case "EACCES":
    case "E2BIG":
    case "ETXTBSY":
      return new CommandNotExecutable({ command: command.program, errno })
    default:
      return fail(command, errno)
  }
}

const pipes = ({ stdin, stdio }: Command): Node.StdioOptions =>
  stdio ?? [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"]

const start = (command: Command, path: string): Effect.Effect<Node.ChildProcess, SpawnError> =>
  Effect.async((resume) => {
    try {
      const child = Node.spawn(path, command.args, {
        argv0: command.program,
        cwd: command.cwd,
        // A copy: Node adds a variable of its own when its coverage is measured.
        env: { ...command.env },
        detached: true,
        stdio: pipes(command)
      })
      child.once("error", (error) => {
        Pipes.discard(child)
        resume(startError(command, error))
      })
      if (child.pid !== undefined) resume(Effect.succeed(child))
    } catch (error) {
      resume(startError(command, error))
    }
  })

const status = (code: number | null, signal: NodeJS.Signals | null): ExitStatus =>
  signal === null
    ? new Exited({ code: code ?? 0 })
    : new Signaled({ signal: constants.signals[signal], coreDumped: false })

/**
 * Node reaps all children that have exited before it tells of the first: whoever hears of one exit might signal
 * another child that is no more. So the news waits until all have been told.
 */
const onExit = (child: Node.ChildProcess, exit: Deferred.Deferred<ExitStatus>, group: Group): void => {
  child.once("exit", (code, signal) => {
    group.signal(0)
    setImmediate(() => Deferred.unsafeDone(exit, Effect.succeed(status(code, signal))))
  })
}

const output = (readable: Readable | null, stream: "stdout" | "stderr") =>
  readable === null
    ? Stream.empty
    : Pipes.fromReadable(readable, (error) => new OutputUnreadable({ stream, errno: errnoOf(error) }))

/** Signals to the group; `empty` ends when it is gone. */
const signalling = (
  pid: number,
  group: Group,
  exit: Deferred.Deferred<ExitStatus>,
  empty: Fiber.Fiber<void>
): Pick<ChildProcess, "kill" | "terminate"> => {
  const kill = (signal: NodeJS.Signals) =>
    Effect.suspend(() =>
      group.signal(signal) === "Refused" ? new SignalRefused({ pid, signal }) : Effect.void
    )
  /** Whether the group is gone in time. */
  const isGoneIn = (time: Duration.DurationInput) =>
    Fiber.join(empty).pipe(Effect.interruptible, Effect.timeoutOption(time), Effect.map(Option.isSome))
  const terminate = (grace: Duration.DurationInput) =>
    Effect.gen(function*() {
      yield* kill("SIGTERM")
      if (yield* isGoneIn(grace)) return
      yield* kill("SIGKILL")
      yield* Deferred.await(exit)
      yield* isGoneIn(REAPED)
    })
  return { kill, terminate }
}

const supervise = (command: Command, child: Node.ChildProcess, pid: number) =>
  Effect.gen(function*() {
    const group = new Group(pid)
    const exit = yield* Deferred.make<ExitStatus>()
    onExit(child, exit, group)
    const empty = yield* Effect.forkDaemon(Effect.zipRight(Deferred.await(exit), group.empty))
    const feeding = child.stdin === null || command.stdin === undefined
      ? Option.none()
      : Option.some(yield* Effect.forkDaemon(Pipes.feed(child.stdin, command.stdin)))
    const { kill, terminate } = signalling(pid, group, exit, empty)
    const handle: ChildProcess = {
      pid,
      stdout: output(child.stdout, "stdout"),
      stderr: output(child.stderr, "stderr"),
      exit: Deferred.await(exit),
      kill,
      terminate
    }
    /** A child that we may not signal is left to whoever may. */
    const release = terminate(command.grace ?? GRACE).pipe(
      Effect.catchAll((error) => Effect.logWarning(error.message)),
      Effect.andThen(Effect.sync(() => {
        Pipes.discard(child)
        child.unref()
      })),
      Effect.andThen(Effect.forEach(Option.toArray(feeding), Fiber.interrupt)),
      Effect.andThen(Fiber.interrupt(empty))
    )
    return { handle, release }
  })

/**
 * Starts a program. It does not outlive the scope: SIGTERM to its group, `grace`, SIGKILL, and it is reaped;
 * interruption does the same. A descendant that made a session of its own is no longer part of the group.
 *
 * Nothing is ever given to a shell. A file without an interpreter line that is no program for this machine is refused
 * with ENOEXEC.
 *
 * Fails with `CommandNotFound` (no such file, none on PATH, or no interpreter), `CommandNotExecutable` (no permission,
 * a directory, no program) or `ProcessNotStarted`.
 *
 * @since 0.1.0
 * @category operations
 */
export const spawn = Effect.fn("ChildProcess.spawn")(
  function*(command: Command): Effect.fn.Return<ChildProcess, SpawnError, Scope.Scope> {
    yield* check(command)
    const path = yield* locate(command.program, command.env, command.cwd ?? process.cwd())
    const { handle } = yield* Effect.acquireRelease(
      Effect.flatMap(start(command, path), (child) => supervise(command, child, child.pid ?? 0)),
      ({ release }) => release
    )
    return handle
  }
)
