/**
 * Whether all output has come: a connection that something in between has closed looks like one that the daemon has
 * closed at the end. The container's log tells them apart, as far as it goes.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as Demultiplexer from "../Demultiplexer.js"
import { Engine } from "../Engine.js"
import type { EngineFailure } from "../EngineError.js"
import { LOG_BYTES } from "../Isolation.js"
import { OutputLost } from "../ResultError.js"

const NEWLINE = 10

/**
 * Counts what a log keeps as it was. Docker's puts others in the place of bytes that are not UTF-8, and newlines at the
 * ends of lines that have none: so only ASCII counts, and no newline.
 */
const counter = () => {
  const counts = { stdout: 0, stderr: 0 }
  return {
    counts,
    add: ({ bytes, stream }: Demultiplexer.Piece): void => {
      let count = 0
      for (const byte of bytes) if (byte < 128 && byte !== NEWLINE) count++
      counts[stream] += count
    }
  }
}

/** Adds up the frames of a stream; none when they are no frames. */
const countFrames = (frames: Stream.Stream<Uint8Array, EngineFailure>) =>
  Effect.gen(function*() {
    const { add, counts } = counter()
    const state = yield* Ref.make(Option.some(Demultiplexer.initial))
    yield* Stream.runForEach(frames, (bytes) =>
      Ref.update(
        state,
        Option.flatMap((before) => {
          const decoded = Demultiplexer.decode(before, bytes)
          decoded?.pieces.forEach(add)
          return Option.fromNullable(decoded?.state)
        })
      ))
    return Option.as(yield* Ref.get(state), counts)
  })

/** Takes note of output, and compares it with the log in the end. */
export const outputLog = () => {
  const { add, counts } = counter()
  let size = 0
  return {
    add: (piece: Demultiplexer.Piece): void => {
      // Of more the log has lost the beginning, and there is nothing to compare.
      if (size < LOG_BYTES) add(piece)
      size += piece.bytes.length
    },
    /** Whether the log of a container that has ended has something that has not come. */
    hasMore: (container: string): Effect.Effect<boolean, EngineFailure | OutputLost, Engine> =>
      Effect.gen(function*() {
        if (size >= LOG_BYTES) return false
        const engine = yield* Engine
        const logged = yield* countFrames(engine.containerLogs(container))
        if (Option.isNone(logged)) {
          return yield* new OutputLost({ container, reason: "LogUnframed" })
        }
        return logged.value.stdout > counts.stdout || logged.value.stderr > counts.stderr
      })
  }
}
