/**
 * The order in which a spawn is ended, against a child and a jail that are made up.
 */
import { Exited } from "@chroot-exec/core/ExitStatus"
import { type ChildProcess, SignalRefused } from "@chroot-exec/runner/ChildProcess"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import type { Reaper } from "../src/internal/reaper.js"
import { teardown } from "../src/internal/teardown.js"
import { TeardownFailed } from "../src/JailError.js"

/** A world where `found` says what each look into the jail finds, in order; then nothing. */
const ended = (
  options: {
    readonly refused?: boolean
    readonly found?: Array<boolean>
    readonly runsOn?: boolean
    readonly fails?: boolean
  }
) =>
  Effect.gen(function*() {
    const calls: Array<string> = []
    const found = options.found ?? []
    const exit = yield* Deferred.make<Exited>()
    const refuse = (signal: string) =>
      options.refused === true ? new SignalRefused({ pid: 7, signal }) : Effect.void
    const stop = options.runsOn === true ? Effect.void : Deferred.succeed(exit, new Exited({ code: 0 }))
    const look = (call: string) =>
      Effect.suspend(() => {
        calls.push(call)
        return options.fails === true
          ? new TeardownFailed({ jail: "web", reason: "no ps" })
          : Effect.succeed(found.shift() ?? false)
      })
    const child: ChildProcess = {
      pid: 7,
      stdout: Stream.empty,
      stderr: Stream.empty,
      exit: Deferred.await(exit),
      kill: refuse,
      terminate: () =>
        Effect.sync(() => calls.push("group")).pipe(Effect.andThen(refuse("SIGTERM")), Effect.zipLeft(stop))
    }
    const reaper: Reaper = {
      terminate: (except) => look(`TERM but ${except}`),
      look: look("look"),
      kill: Effect.zipLeft(look("KILL"), options.refused === true ? stop : Effect.void)
    }
    const ending = yield* Effect.fork(Effect.either(yield* teardown(child, reaper, "350 millis", "web")))
    // More than all of it takes, on a clock that goes on by itself as soon as everybody waits for it.
    yield* TestClock.adjust("1 minutes")
    const outcome = yield* Fiber.join(ending)
    return { calls, outcome: outcome._tag === "Left" ? outcome.left.message : "ended" }
  })

describe("what is told to whom", () => {
  it.effect("the group, the rest, and a last look", () =>
    Effect.map(
      ended({}),
      (result) => expect(result).toStrictEqual({ calls: ["group", "TERM but 7", "KILL"], outcome: "ended" })
    ))

  it.effect("the rest has the grace", () =>
    Effect.map(
      ended({ found: [true, true, false] }),
      (result) =>
        expect(result).toStrictEqual({
          calls: ["group", "TERM but 7", "look", "look", "KILL"],
          outcome: "ended"
        })
    ))

  it.effect("then it is killed, until nothing is found", () =>
    Effect.map(
      ended({ found: Array.from({ length: 9 }, () => true) }),
      (result) =>
        expect(result).toStrictEqual({
          calls: ["group", "TERM but 7", "look", "look", "look", ...Array.from({ length: 6 }, () => "KILL")],
          outcome: "ended"
        })
    ))

  it.effect("who may not signal the group has the jail do all of it, also after the end", () =>
    Effect.map(
      ended({ refused: true, found: [false, false] }),
      (result) =>
        expect(result).toStrictEqual({
          calls: ["group", "TERM but undefined", "KILL", "KILL"],
          outcome: "ended"
        })
    ))

  it.effect("a search that fails is an error, after the group was ended", () =>
    Effect.map(ended({ fails: true }), ({ calls, outcome }) => {
      expect(calls).toStrictEqual(["group", "TERM but 7", "KILL"])
      expect(outcome).toBe("cannot clean up jail \"web\": no ps; look at it with jls and ps -J")
    }))

  it.effect("what does not end is an error", () =>
    Effect.map(
      ended({ runsOn: true }),
      (result) =>
        expect(result).toStrictEqual({
          calls: ["group", "TERM but 7", ...Array.from({ length: 50 }, () => "KILL")],
          outcome: "cannot clean up jail \"web\": its processes do not end; look at it with jls and ps -J"
        })
    ))
})
