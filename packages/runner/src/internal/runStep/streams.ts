/**
 * What a step reads and writes, while it runs.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { RunningStep } from "../../Launcher.js"
import type { Logs } from "../../LogFiles.js"
import * as LogWriter from "../../LogWriter.js"
import * as Tee from "../../Tee.js"

/** From where the input comes, and where the output goes. */
interface Ends<E, R> {
  readonly maxBytes?: number
  readonly stdin?: Stream.Stream<Uint8Array, E, R>
  readonly stdout?: (bytes: Uint8Array) => Effect.Effect<void, E, R>
  readonly stderr?: (bytes: Uint8Array) => Effect.Effect<void, E, R>
}

/** Writes the input and closes it. A step that does not read all of it is no failure. */
const feed = <E, R>(running: RunningStep, input: Stream.Stream<Uint8Array, E, R>) =>
  input.pipe(
    Stream.mapEffect(running.write),
    Stream.takeWhile((taken) => taken),
    Stream.runDrain,
    Effect.ensuring(running.closeInput)
  )

/** The output to its sinks and logs. */
const tees = <E, R>(running: RunningStep, logs: Option.Option<Logs>, ends: Ends<E, R>) => {
  const tee = (name: "stdout" | "stderr", label: "[out]" | "[err]") =>
    Tee.make({
      read: running[name],
      label,
      log: Option.map(logs, (files) => LogWriter.make(files[name])),
      sink: Option.fromNullable(ends[name]),
      maxBytes: Option.fromNullable(ends.maxBytes)
    })
  return { stdout: tee("stdout", "[out]"), stderr: tee("stderr", "[err]") }
}

/** How long the streams are read after the step has ended. */
const DRAIN = Duration.seconds(2)

/**
 * Passes everything on, as long as the scope is open.
 *
 * - `failure`: fails when a sink or the input does, or when a stream cannot be read; that all come to their end is none,
 *   and it does not end with them;
 * - `drain`: reads what still comes, and stops after that time; whether the streams came to their end;
 * - `reports`: what has come so far.
 */
export const passOn = <E, R>(running: RunningStep, logs: Option.Option<Logs>, ends: Ends<E, R>) =>
  Effect.gen(function*() {
    const { stderr, stdout } = tees(running, logs, ends)
    const reading = yield* Effect.forkScoped(
      Effect.all([stdout.run, stderr.run], { concurrency: 2, discard: true })
    )
    const feeding = ends.stdin === undefined ? Effect.void : feed(running, ends.stdin)
    return {
      failure: Effect.zipRight(
        Effect.all([Fiber.join(reading), feeding], { concurrency: 2 }),
        Effect.never
      ),
      drain: (time: Duration.DurationInput = DRAIN) =>
        Effect.gen(function*() {
          const drained = yield* Effect.timeoutOption(Fiber.join(reading), time)
          if (Option.isNone(drained)) yield* Fiber.interrupt(reading)
          return Option.isSome(drained)
        }),
      reports: () => ({ stdout: stdout.report(), stderr: stderr.report() })
    }
  })
