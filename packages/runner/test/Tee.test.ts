/**
 * From a stream to a sink and a log.
 */
import * as Errno from "@chroot-exec/core/Errno"
import { LogFailed } from "@chroot-exec/runner/LogFiles"
import type { LogWriter } from "@chroot-exec/runner/LogWriter"
import * as Tee from "@chroot-exec/runner/Tee"
import { syscallError } from "@chroot-exec/sys/Libc"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
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

/** A stream that gives one piece, and then nothing, without an end. */
const endless = (piece: Uint8Array) => {
  const read = source([piece])
  return (buffer: Uint8Array) =>
    Effect.flatMap(read(buffer), (count) => count === 0 ? Effect.never : Effect.succeed(count))
}

/** A log whose writes wait until they may end, and then end so. */
const gatedLog = (end: Effect.Effect<void, LogFailed> = Effect.void) =>
  Effect.gen(function*() {
    const began = yield* Deferred.make<void>()
    const gate = yield* Deferred.make<void>()
    const written: Array<string> = []
    let underWay = 0
    const writer: LogWriter = (bytes) =>
      Effect.gen(function*() {
        underWay++
        expect(underWay).toBe(1)
        yield* Deferred.succeed(began, undefined)
        yield* Deferred.await(gate)
        // Only now: the bytes must still be there.
        written.push(Buffer.from(bytes).toString("latin1").replaceAll(/(?<=^|\n)\[out\].{26} /g, ""))
        yield* Effect.ensuring(
          end,
          Effect.sync(() => {
            underWay--
          })
        )
      }).pipe(Effect.uninterruptible)
    return { began, gate, writer, written, underWay: () => underWay }
  })

const settle = Effect.repeatN(Effect.yieldNow(), 50)

it.live("reads on while the log is written, one write at a time, and not further", () =>
  Effect.gen(function*() {
    const log = yield* gatedLog()
    const pieces = ["a", "b", "c", "d"].map(bytes)
    const { report, run, taken } = tee(pieces, { log: Option.some(log.writer) })
    const fiber = yield* Effect.fork(run)
    yield* Deferred.await(log.began)
    yield* settle
    expect([taken(), report().bytes, log.written]).toEqual(["a", 2, []])
    yield* Deferred.succeed(log.gate, undefined)
    yield* Fiber.join(fiber)
    expect([taken(), log.written]).toEqual(["abcd", ["a", "b", "c", "d"]])
  }))

it.live("gives the sink bytes of its own", () =>
  Effect.gen(function*() {
    const kept: Array<Uint8Array> = []
    const { run } = tee(["one", "two"].map(bytes), {
      sink: Option.some((piece) =>
        Effect.sync(() => {
          kept.push(piece)
        })
      )
    })
    yield* run
    expect(kept.map((piece) => Buffer.from(piece).toString())).toEqual(["one", "two"])
    expect(kept.map((piece) => piece.buffer.byteLength)).toEqual([3, 3])
  }))

it.live("logs what it has read when it is interrupted, and ends only then", () =>
  Effect.gen(function*() {
    const log = yield* gatedLog()
    const { report, run } = tee([], { read: endless(bytes("half a line")), log: Option.some(log.writer) })
    const fiber = yield* Effect.fork(run)
    yield* Deferred.await(log.began)
    yield* Fiber.interruptFork(fiber)
    yield* settle
    expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
    yield* Deferred.succeed(log.gate, undefined)
    expect(Exit.isInterrupted(yield* Fiber.await(fiber))).toBe(true)
    expect(log.written).toEqual(["half a line"])
    expect(report()).toEqual({ bytes: 11, truncated: false, logFailed: Option.none() })
  }))

it.live("loses nothing that it read while an earlier write was under way", () =>
  Effect.gen(function*() {
    const log = yield* gatedLog()
    const { report, run } = tee(["a", "b"].map(bytes), { log: Option.some(log.writer), sink: Option.none() })
    const fiber = yield* Effect.fork(run)
    yield* Deferred.await(log.began)
    yield* settle
    expect(report().bytes).toBe(2)
    yield* Fiber.interruptFork(fiber)
    yield* settle
    yield* Deferred.succeed(log.gate, undefined)
    yield* Fiber.await(fiber)
    expect(log.written).toEqual(["a", "b"])
  }))

it.live("remembers a log that fails after the interruption", () =>
  Effect.gen(function*() {
    const full = new LogFailed({ file: "/log", errno: Errno.of("ENOSPC") })
    const log = yield* gatedLog(Effect.fail(full))
    const { report, run } = tee([], { read: endless(bytes("x")), log: Option.some(log.writer) })
    const fiber = yield* Effect.fork(run)
    yield* Deferred.await(log.began)
    yield* Fiber.interruptFork(fiber)
    yield* settle
    yield* Deferred.succeed(log.gate, undefined)
    yield* Fiber.await(fiber)
    expect(report().logFailed).toEqual(Option.some(full))
  }))

it.live("has written all that is to be written when it fails with its sink", () =>
  Effect.gen(function*() {
    const log = yield* gatedLog()
    const { run } = tee([bytes("x")], {
      log: Option.some(log.writer),
      sink: Option.some(() => Effect.zipRight(Deferred.await(log.began), Effect.fail("broken")))
    })
    const fiber = yield* Effect.fork(run)
    yield* Deferred.await(log.began)
    yield* settle
    expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
    yield* Deferred.succeed(log.gate, undefined)
    expect(yield* Effect.flip(Fiber.join(fiber))).toBe("broken")
    expect([log.underWay(), log.written]).toEqual([0, ["x"]])
  }))

it.live("interrupts a sink that does not take its bytes", () =>
  Effect.gen(function*() {
    const entered = yield* Deferred.make<void>()
    const { logged, run } = tee([bytes("x")], {
      sink: Option.some(() => Effect.zipRight(Deferred.succeed(entered, undefined), Effect.never))
    })
    const fiber = yield* Effect.fork(run)
    yield* Deferred.await(entered)
    expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
    expect(logged()).toBe("x")
  }))

it.live("writes many short lines in more than one piece", () =>
  Effect.gen(function*() {
    const { logged, run } = tee([new Uint8Array(200_000).fill(10)])
    yield* run
    expect(logged()).toBe("\n".repeat(200_000))
  }))

it.live("writes nothing more once a piece of what was read could not be written", () =>
  Effect.gen(function*() {
    let writes = 0
    const { report, run, taken } = tee([new Uint8Array(200_000).fill(10)], {
      log: Option.some(() =>
        Effect.suspend(() => {
          writes++
          return new LogFailed({ file: "/log", errno: Errno.of("EIO") })
        })
      )
    })
    yield* run
    expect([writes, taken().length]).toEqual([1, 200_000])
    expect(report()).toMatchObject({ bytes: 200_000, logFailed: Option.some({ errno: "EIO" }) })
  }))

it.live("fails with its stream, after what came before", () =>
  Effect.gen(function*() {
    const read = source([bytes("x")])
    const { logged, run } = tee([], {
      read: (buffer) =>
        Effect.flatMap(read(buffer), (count) =>
          count === 0 ? Effect.fail(syscallError("readInto", Errno.of("EIO"))) : Effect.succeed(count))
    })
    expect(yield* Effect.flip(run)).toMatchObject({ _tag: "SyscallError", errno: "EIO" })
    expect(logged()).toBe("x")
  }))
