/**
 * One stream of a step to its sink and its log.
 *
 * @since 0.1.0
 */
import type { SyscallError } from "@chroot-exec/sys/Libc"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { type Label, LineLabeler } from "./LineLabeler.js"
import type { LogFailed } from "./LogFiles.js"
import type { LogWriter } from "./LogWriter.js"

/**
 * - `read`: the next bytes into a buffer; their number, 0 at the end;
 * - `sink`: takes the bytes, which are its own; the next are read once it has;
 * - `maxBytes`: so many are passed on.
 *
 * @since 0.1.0
 * @category models
 */
export interface TeeOptions<E, R> {
  readonly read: (buffer: Uint8Array) => Effect.Effect<number, SyscallError>
  readonly label: Label
  readonly log: Option.Option<LogWriter>
  readonly sink: Option.Option<(bytes: Uint8Array) => Effect.Effect<void, E, R>>
  readonly maxBytes: Option.Option<number>
}

/**
 * What has come of the stream so far. A log that could not be written is left as it is from there on.
 *
 * @since 0.1.0
 * @category models
 */
export interface TeeReport {
  readonly bytes: number
  readonly truncated: boolean
  readonly logFailed: Option.Option<LogFailed>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Tee<E, R> {
  /**
   * Runs to the end of the stream. Fails as `read` and the sink do, and never for the log's sake. However it ends, what
   * was read is in the log, or `logFailed` says why not, and nothing is written any more.
   */
  readonly run: Effect.Effect<void, E | SyscallError, R>
  readonly report: () => TeeReport
}

/** Steps that say little get little; a buffer that is filled is replaced by a larger one. */
const SMALLEST = 4 * 1024
const LARGEST = 512 * 1024
const GROWTH = 4

const MICROS = 1000n

/**
 * A tee. While the log is being written, the next bytes are read: one write is under way at most.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <E = never, R = never>(
  { label, log, maxBytes, read, sink }: TeeOptions<E, R>
): Tee<E, R> => {
  let bytes = 0
  let logFailed: Option.Option<LogFailed> = Option.none()
  let writing: Fiber.Fiber<void> | undefined
  const limit = Option.getOrElse(maxBytes, () => Number.POSITIVE_INFINITY)
  const labeler = new LineLabeler(label)

  /** Waits for the write that is under way: its bytes and its descriptor are in use. */
  const written = Effect.suspend(() => writing === undefined ? Effect.void : Fiber.join(writing))

  const write = (writer: LogWriter, labelled: Uint8Array) =>
    Effect.catchAll(writer(labelled), (error) =>
      Effect.sync(() => {
        logFailed = Option.some(error)
      }))

  const toLog = (writer: LogWriter, piece: Uint8Array) =>
    Effect.gen(function*() {
      const micros = Number((yield* Clock.currentTimeNanos) / MICROS)
      for (let at = 0; at < piece.length;) {
        // Before anything else: what is labelled is in another buffer, and this one is read into again.
        const labelled = labeler.label(piece.subarray(at), micros)
        at += labelled.taken
        yield* written
        if (Option.isSome(logFailed)) return
        writing = yield* Effect.fork(write(writer, labelled.bytes))
      }
    })

  // What has been read is not lost to an interruption: that can only be while the stream or the sink is waited for.
  const pump = (restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      let buffer = new Uint8Array(SMALLEST)
      while (true) {
        const count = yield* restore(read(buffer))
        if (count === 0) break
        const piece = buffer.subarray(0, Math.max(0, Math.min(count, limit - bytes)))
        bytes += count
        if (piece.length > 0) {
          if (Option.isSome(log) && Option.isNone(logFailed)) yield* toLog(log.value, piece)
          if (Option.isSome(sink)) yield* restore(sink.value(piece.slice()))
        }
        if (count === buffer.length && count < LARGEST) {
          buffer = new Uint8Array(Math.min(count * GROWTH, LARGEST))
        }
      }
    })
  const run = Effect.uninterruptibleMask((restore) => Effect.ensuring(pump(restore), written))
  return { run, report: () => ({ bytes, truncated: bytes > limit, logFailed }) }
}
