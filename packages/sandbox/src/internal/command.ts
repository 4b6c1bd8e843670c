/**
 * A container from its start to its end, with what it writes.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Demultiplexer from "../Demultiplexer.js"
import { type Attachment, Engine, type Stats } from "../Engine.js"
import { type EngineFailure, hasStatus } from "../EngineError.js"
import type { Job } from "../Job.js"
import * as Output from "../Output.js"
import type { Event } from "../Result.js"
import { EndUnknown, OutputLost } from "../ResultError.js"
import type { ImageCommandNotExecutable, ImageCommandNotFound, InputUnreadable } from "../SandboxError.js"
import { unlessExpired } from "./expiry.js"
import { initError, mayBeInitError } from "./initError.js"
import { outputLog } from "./outputLog.js"

/** How long a killed container may take to end, and then its last output to come. */
const KILL_LIMIT = Duration.seconds(10)

/** How long after its output the end of a container may become known, on a daemon that has much to do. */
const END_LIMIT = Duration.seconds(30)

/** A shorter run is over before the daemon has a sample. */
const FIRST_SAMPLE = Duration.seconds(1)

/** How a container ended that was started; no exit code when it was killed and did not end. */
export interface Ended {
  readonly exitCode: Option.Option<number>
  readonly timedOut: boolean
  readonly output: Output.Output
  readonly stats: Option.Option<Stats>
}

type Emit = (event: Event) => Effect.Effect<void>

/**
 * What a command writes: kept as far as it may be, and shown. The first pieces wait as long as they may be the init's
 * complaint about the command, which becomes an error and is not output.
 */
const outputOf = (container: string, job: Job, emit: Emit) => {
  const collector = Output.collector(job.limits.output)
  const log = outputLog()
  const lost = (reason: OutputLost["reason"]) => new OutputLost({ container, reason })
  let state = Demultiplexer.initial
  let held: Array<Demultiplexer.Piece> | undefined = []

  const pass = (piece: Demultiplexer.Piece): Effect.Effect<void> => {
    const kept = collector.add(piece)
    return kept.bytes.length === 0 ? Effect.void : emit({ _tag: "Output", ...kept })
  }

  /** It is the command's own after all. */
  const release = Effect.suspend(() => {
    const pieces = held ?? []
    held = undefined
    return Effect.forEach(pieces, pass, { discard: true })
  })

  const take = (piece: Demultiplexer.Piece): Effect.Effect<void> => {
    log.add(piece)
    if (held === undefined) return pass(piece)
    held.push({ stream: piece.stream, bytes: Uint8Array.from(piece.bytes) })
    return mayBeInitError(job, held) ? Effect.void : release
  }

  return {
    /**
     * Reads to the end. More than may be kept is read and dropped, so that the command goes on; what the reader of the
     * events does not take is not read, so that nothing piles up here.
     */
    read: ({ output }: Attachment) =>
      output.pipe(
        Stream.runForEach((bytes) => {
          const decoded = Demultiplexer.decode(state, bytes)
          if (decoded === undefined) return lost("Unframed")
          state = decoded.state
          return Effect.forEach(decoded.pieces, take, { discard: true })
        }),
        Effect.filterOrFail(
          () => Demultiplexer.isComplete(state),
          () => lost("CutOff")
        )
      ),
    /** Fails when something that was written has not come. */
    ensureWhole: Effect.filterOrFail(
      log.hasMore(container),
      (hasMore) => !hasMore,
      () => lost("Missing")
    ),
    /** The command's error, when what it wrote was the init's complaint. */
    errorOf: (exitCode: number) => initError(job, exitCode, held ?? []),
    /** What is kept, after which nothing is read any more. */
    end: Effect.zipRight(release, Effect.sync(collector.output))
  }
}

/** Feeds standard input. A command that does not read it, or ends before, is no failure. */
const feed = ({ stdin }: Job, { endInput, write }: Attachment) =>
  stdin === undefined
    ? Effect.void
    : Stream.runForEach(stdin, write).pipe(
      Effect.zipRight(endInput),
      Effect.catchTag("EngineError", "EngineUnreachable", () => Effect.void)
    )

/** One that has ended already is what was wanted. */
const kill = (container: string) =>
  Effect.flatMap(Engine, (engine) => engine.containerKill(container)).pipe(
    Effect.catchIf(hasStatus(404, 409), () => Effect.void)
  )

/** The last sample so far. Samples are a courtesy: without them the run is as good. */
const followStats = (container: string) =>
  Effect.gen(function*() {
    const engine = yield* Engine
    const last = yield* Ref.make(Option.none<Stats>())
    yield* engine.containerStats(container).pipe(
      // The last one of a container that has ended is empty.
      Stream.filter((stats) => stats.cpu_stats.cpu_usage.total_usage > 0),
      Stream.runForEach((stats) => Ref.set(last, Option.some(stats))),
      Effect.ignore,
      Effect.delay(FIRST_SAMPLE),
      Effect.forkScoped
    )
    return Ref.get(last)
  })

/** A failure of this is the failure of what it runs beside; its success is not waited for. */
const unlessFails = <E>(fiber: Fiber.Fiber<void, E>) => <A, E1, R>(effect: Effect.Effect<A, E1, R>) =>
  Effect.raceFirst(effect, Effect.zipRight(Fiber.join(fiber), Effect.never))

type CommandError =
  | EndUnknown
  | EngineFailure
  | ImageCommandNotExecutable
  | ImageCommandNotFound
  | InputUnreadable
  | OutputLost

/** Kills the container, and takes what it still says within the time that this may take. */
const endByKill = <E>(
  container: string,
  written: ReturnType<typeof outputOf>,
  output: Fiber.Fiber<void, E>,
  end: Fiber.Fiber<number, EngineFailure>
) =>
  Effect.gen(function*() {
    yield* kill(container)
    const exitCode = yield* Effect.timeoutOption(Fiber.join(end), KILL_LIMIT)
    yield* Effect.ignore(Effect.timeoutOption(Fiber.join(output), KILL_LIMIT))
    yield* Fiber.interrupt(output)
    return { exitCode, timedOut: true, output: yield* written.end }
  })

/** The command's own end, unless what it wrote was the init's complaint. */
const endByItself = (written: ReturnType<typeof outputOf>, exitCode: number) =>
  Effect.gen(function*() {
    const failure = written.errorOf(exitCode)
    if (Option.isSome(failure)) return yield* failure.value
    return { exitCode: Option.some(exitCode), timedOut: false, output: yield* written.end }
  })

/**
 * Starts a container and waits for its end, or until `expired` returns: then it is killed. None when that was before the
 * start.
 *
 * Attached before the start, it loses no output; asked for only after it, no end is missed.
 */
export const runCommand = (
  container: string,
  job: Job,
  emit: Emit,
  expired: Effect.Effect<void>
): Effect.Effect<Option.Option<Ended>, CommandError, Engine | Scope.Scope> =>
  Effect.gen(function*() {
    const engine = yield* Engine
    const written = outputOf(container, job, emit)
    const begin = Effect.gen(function*() {
      const attachment = yield* engine.containerAttach(container, job.stdin !== undefined)
      const output = yield* Effect.forkScoped(written.read(attachment))
      yield* engine.containerStart(container)
      return { attachment, output }
    })
    const begun = yield* unlessExpired(begin, expired)
    if (Option.isNone(begun)) return Option.none()

    const { attachment, output } = begun.value
    const stats = yield* followStats(container)
    const input = yield* Effect.forkScoped(feed(job, attachment))
    const end = yield* Effect.forkScoped(engine.containerWait(container))
    const endSoon = Effect.timeoutFail(Fiber.join(end), {
      duration: END_LIMIT,
      onTimeout: () => new EndUnknown({ container, limit: END_LIMIT })
    })
    const whole = Effect.all([Fiber.join(end), Effect.zipLeft(Fiber.join(output), endSoon)], {
      concurrency: "unbounded"
    }).pipe(Effect.zipLeft(written.ensureWhole), unlessFails(input))
    const finished = yield* unlessExpired(whole, expired)
    const ended = Option.isSome(finished)
      ? yield* endByItself(written, finished.value[0])
      : yield* endByKill(container, written, output, end)
    return Option.some({ ...ended, stats: yield* stats })
  })
