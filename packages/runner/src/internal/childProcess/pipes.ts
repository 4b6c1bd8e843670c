/**
 * The standard streams of a child as Effect streams.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ChildProcess } from "node:child_process"
import type { Readable, Writable } from "node:stream"

/**
 * What a child writes, pulled: nothing is read before somebody asks, so that a slow reader slows the child by the
 * size of the pipe. Whatever is not pulled yet when the child ends is still there.
 */
export const fromReadable = <E>(
  readable: Readable,
  onError: (error: Error) => E
): Stream.Stream<Uint8Array, E> => {
  // A listener from the start: when a child exits, Node discards the output of streams that nobody listens to.
  readable.on("readable", () => undefined)
  readable.on("error", () => undefined)
  const next = (): Effect.Effect<Uint8Array, Option.Option<E>> | undefined => {
    const chunk: unknown = readable.read()
    if (chunk instanceof Uint8Array) return Effect.succeed(chunk)
    if (readable.errored) return Effect.fail(Option.some(onError(readable.errored)))
    return readable.readableEnded || readable.destroyed ? Effect.fail(Option.none()) : undefined
  }
  const pull = Effect.async<Uint8Array, Option.Option<E>>((resume) => {
    const events = ["readable", "end", "error", "close"]
    const stop = () => events.forEach((event) => readable.off(event, attempt))
    const attempt = () => {
      const result = next()
      if (result === undefined) return
      stop()
      resume(result)
    }
    events.forEach((event) => readable.on(event, attempt))
    attempt()
    return Effect.sync(stop)
  })
  return Stream.repeatEffectOption(pull)
}

const write = (writable: Writable, chunk: Uint8Array): Effect.Effect<void, Error> =>
  Effect.async((resume) => {
    writable.write(chunk, (error) => resume(error ? Effect.fail(error) : Effect.void))
  })

/**
 * Writes all of a stream, a piece when the one before it has been taken, and closes. A child that does not want to
 * read any more is no failure.
 */
export const feed = (writable: Writable, input: Stream.Stream<Uint8Array>): Effect.Effect<void> => {
  writable.on("error", () => undefined)
  return Stream.runForEach(input, (chunk) => write(writable, chunk)).pipe(
    Effect.ignore,
    Effect.ensuring(Effect.sync(() => writable.end()))
  )
}

/** Closes our ends, whatever is still in them. */
export const discard = ({ stderr, stdin, stdout }: ChildProcess): void => {
  for (const stream of [stdin, stdout, stderr]) stream?.destroy()
}
