/**
 * Tar archives as streams, both ways: tar-stream's, within Effect.
 */
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Readable, Writable } from "node:stream"
import { type Entry as TarEntry, extract, type Headers, pack } from "tar-stream"

export type Header = Headers

/** An entry of an archive. The next one comes when its body has been read to the end, or is not wanted. */
export type Entry = TarEntry

/** Adds an entry to an archive. A file's body has exactly `header.size` bytes; everything else has none. */
export type AddEntry<E> = (header: Header, body?: Readable) => Effect.Effect<void, E>

const EPOCH = DateTime.toDate(DateTime.unsafeMake(0))

/** Between 1970 and 2038: tar-stream keeps seconds in 32 bits. */
const representable = (time: Date | undefined): Date =>
  time !== undefined && time.getTime() >= 0 && time.getTime() < 2 ** 31 * 1000 ? time : EPOCH

/** Runs until `stream` has ended; its failure is the stream's. */
const besides = <E>(
  effect: Effect.Effect<void, E>
): Effect.Effect<<A>(stream: Stream.Stream<A, E>) => Stream.Stream<A, E>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const failed = yield* Deferred.make<never, E>()
    yield* effect.pipe(Effect.onError((cause) => Deferred.failCause(failed, cause)), Effect.forkScoped)
    return Stream.interruptWhenDeferred(failed)
  })

/**
 * The archive that `produce` makes, on demand: nothing is made that nobody reads. `asFailure` is what an error of a body
 * means, or of the library's, such as a body that is not as long as its header says.
 */
export const packed = <E>(
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
        else body.on("error", failed).pipe(sink)
      })
    const produced = yield* besides(Effect.zipRight(produce(add), Effect.sync(() => archive.finalize())))
    return produced(Stream.fromAsyncIterable<Uint8Array, E>(archive, asFailure))
  }))

/** Writes, and waits where the writer would have to keep the bytes. */
const write = (writable: Writable, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (writable.write(bytes)) resume(Effect.void)
    else writable.once("drain", () => resume(Effect.void))
  })

/** The entries of an archive. `asFailure` is what it means that it is none. */
export const extracted = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  asFailure: (error: unknown) => E
): Stream.Stream<Entry, E> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const archive = yield* Effect.acquireRelease(
      Effect.sync(() => extract({ allowUnknownFormat: true })),
      (archive) => Effect.sync(() => archive.destroy())
    )
    const entries = Stream.fromAsyncIterable<Entry, E>(archive, asFailure)
    const fed = yield* besides(
      Effect.zipRight(
        Stream.runForEach(bytes, (chunk) => write(archive, chunk)),
        Effect.sync(() => archive.end())
      )
    )
    return fed(entries)
  }))
