/**
 * Tar archives as streams, both ways: tar-stream's, within Effect.
 */
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Readable, Writable } from "node:stream"
import { type Extract, extract, type Headers, type Pack, pack } from "tar-stream"

export type Header = Headers

/** An entry of an archive. Its body has to be read to the end, or resumed where it is not wanted. */
export interface Entry {
  readonly header: Header
  readonly body: Readable
}

/** Adds an entry to an archive. A file's body has exactly `header.size` bytes; everything else has none. */
export type AddEntry<E> = (header: Header, body?: Readable) => Effect.Effect<void, E>

const EPOCH = DateTime.toDate(DateTime.unsafeMake(0))

/** Between 1970 and 2038: tar-stream keeps seconds in 32 bits. */
const representable = (time: Date | undefined): Date =>
  time !== undefined && time.getTime() >= 0 && time.getTime() < 2 ** 31 * 1000 ? time : EPOCH

/** Runs as long as the scope, beside the reader of an archive. A failure destroys the archive: so the reader is told. */
const besides = <E extends Error>(effect: Effect.Effect<void, E>, archive: Extract | Pack) =>
  effect.pipe(
    Effect.onError((cause) =>
      Effect.sync(() => {
        const error = Cause.squash(cause)
        archive.destroy(error instanceof Error ? error : new Error("interrupted"))
      })
    ),
    Effect.forkScoped
  )

/**
 * The archive that `produce` makes, on demand: nothing is made that nobody reads. `asFailure` is what an error
 * means that a reader of the archive meets: a failure of `produce`, which it has to leave as it is, of a body, or of the
 * library's, such as a body that is not as long as its header says.
 */
export const packed = <E extends Error>(
  produce: (add: AddEntry<E>) => Effect.Effect<void, E>,
  asFailure: (error: unknown) => E
): Stream.Stream<Uint8Array, E> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const archive = yield* Effect.acquireRelease(
      Effect.sync(() => pack()),
      (archive) => Effect.sync(() => archive.destroy())
    )
    const add: AddEntry<E> = (header, body) =>
      Effect.async((resume) => {
        const failed = (error: unknown) => resume(Effect.fail(asFailure(error)))
        const sink = archive.entry(
          { ...header, mtime: representable(header.mtime) },
          (error) => error ? failed(error) : resume(Effect.void)
        )
        // Whoever adds the entry is told by the callback.
        sink.on("error", () => undefined)
        if (body === undefined) sink.end()
        else {
          let isWhole = false
          body.on("end", () => {
            isWhole = true
          })
          // Destroyed, for which there need not be an error.
          body.on("close", () => isWhole || failed(new Error("Unexpected end of data")))
          body.on("error", failed).pipe(sink)
        }
      })
    yield* besides(Effect.zipRight(produce(add), Effect.sync(() => archive.finalize())), archive)
    return Stream.fromAsyncIterable<Uint8Array, E>(archive, asFailure)
  }))

/** Writes, and waits where the writer would have to keep the bytes. */
const write = (writable: Writable, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (writable.write(bytes)) resume(Effect.void)
    else writable.once("drain", () => resume(Effect.void))
  })

/**
 * Hands the entries of an archive to `handle`, one after the other. `asFailure` is what an error of the archive means: a
 * failure of `bytes`, which it has to leave as it is, or that they are no archive.
 */
export const forEachEntry = <E extends Error>(
  bytes: Stream.Stream<Uint8Array, E>,
  asFailure: (error: unknown) => E,
  handle: (entry: Entry) => Effect.Effect<void, E>
): Effect.Effect<void, E> =>
  Effect.scoped(Effect.gen(function*() {
    const archive = yield* Effect.acquireRelease(
      Effect.sync(() => extract({ allowUnknownFormat: true })),
      (archive) => Effect.sync(() => archive.destroy())
    )
    /** At most one entry at a time, the end, or the failure. */
    const steps = yield* Queue.unbounded<
      Effect.Effect<Option.Option<Entry & { readonly next: () => void }>, E>
    >()
    archive.on("entry", (header, body, next) => steps.unsafeOffer(Effect.succeedSome({ header, body, next })))
    archive.on("finish", () => steps.unsafeOffer(Effect.succeedNone))
    archive.on("error", (error: unknown) => steps.unsafeOffer(Effect.fail(asFailure(error))))
    const feed = Stream.runForEach(bytes, (chunk) => write(archive, chunk))
    yield* besides(Effect.zipRight(feed, Effect.sync(() => archive.end())), archive)
    for (;;) {
      const step = yield* Effect.flatten(Queue.take(steps))
      if (Option.isNone(step)) return
      yield* handle(step.value)
      step.value.next()
    }
  }))

/** The bytes of an entry's body. */
export const readBody = <E>(
  { body }: Entry,
  asFailure: (error: unknown) => E
): Effect.Effect<Uint8Array, E> =>
  Effect.async((resume) => {
    const chunks: Array<Uint8Array> = []
    body.on("data", (chunk: Uint8Array) => chunks.push(chunk))
    body.on("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
    body.on("error", (error) => resume(Effect.fail(asFailure(error))))
    body.on("close", () => resume(Effect.fail(asFailure(new Error("Unexpected end of data")))))
  })
