/**
 * From a stream to a sink and a log.
 */
import * as Errno from "@chroot-exec/core/Errno"
import { LogFailed } from "@chroot-exec/runner/LogFiles"
import type { LogWriter } from "@chroot-exec/runner/LogWriter"
import * as Tee from "@chroot-exec/runner/Tee"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as fc from "fast-check"

/** A stream that gives its bytes in pieces, at most as much as is asked for. */
const source = (pieces: ReadonlyArray<Uint8Array>) => {
  const left = pieces.filter(({ length }) => length > 0).map((piece) => Uint8Array.from(piece))
  return (buffer: Uint8Array) =>
    Effect.sync(() => {
      const [piece] = left
      if (piece === undefined) return 0
      const part = piece.subarray(0, buffer.length)
      buffer.set(part)
      if (part.length === piece.length) left.shift()
      else left[0] = piece.subarray(part.length)
      return part.length
    })
}

/** A log in memory, whose lines have lost their labels. */
const memoryLog = () => {
  const written: Array<Uint8Array> = []
  const writer: LogWriter = (bytes) =>
    Effect.map(Effect.yieldNow(), () => {
      written.push(Uint8Array.from(bytes))
    })
  const text = () => Buffer.concat(written).toString("latin1").replaceAll(/(?<=^|\n)\[out\].{26} /g, "")
  return { writer, text }
}

const tee = (pieces: ReadonlyArray<Uint8Array>, more: Partial<Tee.TeeOptions<string, never>> = {}) => {
  const taken: Array<Uint8Array> = []
  const log = memoryLog()
  const made = Tee.make<string>({
    read: source(pieces),
    label: "[out]",
    log: Option.some(log.writer),
    sink: Option.some((bytes) =>
      Effect.sync(() => {
        taken.push(bytes)
      })
    ),
    maxBytes: Option.none(),
    ...more
  })
  return { ...made, taken: () => Buffer.concat(taken).toString("latin1"), logged: log.text }
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"))

const letters = fc.array(
  fc.array(fc.constantFrom(0x61, 0x0a, 0xff, 0x00), { maxLength: 9_000 }).map((codes) =>
    Uint8Array.from(codes)
  ),
  { maxLength: 5 }
)

it("gives every byte to both, however it comes", async () => {
  await fc.assert(
    fc.asyncProperty(letters, async (pieces) => {
      const { logged, report, run, taken } = tee(pieces)
      await Effect.runPromise(run)
      const whole = Buffer.concat(pieces).toString("latin1")
      expect(taken()).toBe(whole)
      expect(logged()).toBe(whole)
      expect(report()).toEqual({ bytes: whole.length, truncated: false, logFailed: Option.none() })
    }),
    { numRuns: 50 }
  )
})

describe("a cap", () => {
  it("passes on exactly so many bytes, reads the rest, and says so", async () => {
    const pieces = ["abc", "de", "f\ng"].map(bytes)
    for (let cap = 0; cap <= 9; cap++) {
      const { logged, report, run, taken } = tee(pieces, { maxBytes: Option.some(cap) })
      await Effect.runPromise(run)
      expect(taken()).toBe("abcdef\ng".slice(0, cap))
      expect(logged()).toBe("abcdef\ng".slice(0, cap))
      expect(report()).toMatchObject({ bytes: 8, truncated: cap < 8 })
    }
  })
})

it.live("reads on only when the sink has taken what was read", () =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const entered = yield* Deferred.make<void>()
    let reads = 0
    const read = source([bytes("one"), bytes("two")])
    const { report, run } = tee([], {
      read: (buffer) =>
        Effect.suspend(() => {
          reads++
          return read(buffer)
        }),
      sink: Option.some(() => Effect.zipRight(Deferred.succeed(entered, undefined), Deferred.await(gate)))
    })
    const fiber = yield* Effect.fork(run)
    yield* Deferred.await(entered)
    yield* Effect.repeatN(Effect.yieldNow(), 50)
    expect([reads, report().bytes]).toEqual([1, 3])
    yield* Deferred.succeed(gate, undefined)
    yield* Fiber.join(fiber)
    expect([reads, report().bytes]).toEqual([3, 6])
  }))

it.live("fails with its sink", () =>
  Effect.gen(function*() {
    const { run } = tee([bytes("x")], { sink: Option.some(() => Effect.fail("broken")) })
    expect(yield* Effect.flip(run)).toBe("broken")
  }))

it.live("goes on without a log that cannot be written", () =>
  Effect.gen(function*() {
    const full = new LogFailed({ file: "/log", errno: Errno.of("ENOSPC") })
    let writes = 0
    const { report, run, taken } = tee([bytes("a"), bytes("b"), bytes("c")], {
      log: Option.some(() =>
        Effect.suspend(() => {
          writes++
          return full
        })
      )
    })
    yield* run
    expect(taken()).toBe("abc")
    expect(report().logFailed).toEqual(Option.some(full))
    expect(writes).toBeLessThan(3)
  }))
