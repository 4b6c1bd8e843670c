/**
 * Failures between the engine and a real daemon, at every call: nothing is left, and the error says which call it was.
 */
import { EngineLive, type JobInput, runStream } from "@chroot-exec/sandbox"
import { beforeAll, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { CALLS, job, once, runThrough, summary } from "./support/calls.js"
import * as Dockerd from "./support/Dockerd.js"
import * as Gate from "./support/Gate.js"
import * as Proxy from "./support/Proxy.js"
import * as TimeLimit from "./support/TimeLimit.js"

let daemon: Dockerd.Dockerd
beforeAll(async () => {
  daemon = await Dockerd.borrow()
})

/** As many at once as a machine with two processors can do. */
const CONCURRENCY = 6

const nothingLeft = Effect.suspend(() => daemon.left).pipe(
  Effect.map((left) => expect(left).toStrictEqual({ containers: [], volumes: [] }))
)

it.live("these are the calls", () =>
  Effect.scoped(Effect.gen(function*() {
    const proxy = yield* Proxy.make(daemon.socket, () => "forward")
    const result = yield* runThrough(proxy)
    expect(result.exitCode).toStrictEqual(Option.some(0))
    // Samples are only asked for when it takes long.
    expect(proxy.calls.filter((call) => !call.endsWith("/stats"))).toStrictEqual(CALLS.map(([call]) => call))
    yield* nothingLeft
  })), 180_000)

it.live.each(
  [
    ["refuse", "EngineError"],
    ["drop", "EngineUnreachable"],
    ["lose", "EngineUnreachable"]
  ] as const
)("%s @node", ([fate, tag]) =>
  Effect.gen(function*() {
    const outcomes = yield* Effect.forEach(CALLS, ([call]) =>
      Effect.gen(function*() {
        const proxy = yield* Proxy.make(daemon.socket, once(call, () => Promise.resolve(fate)))
        const outcome = yield* Effect.match(runThrough(proxy), {
          onFailure: (error) => "operation" in error ? `${error._tag} ${error.operation}` : error.message,
          onSuccess: summary
        })
        return [call, outcome]
      }).pipe(Effect.scoped), { concurrency: CONCURRENCY })
    expect(outcomes).toStrictEqual(
      CALLS.map((
        [call, operation, consequence]
      ) => [call, consequence === "fails" ? `${tag} ${operation}` : "0 1"])
    )
    yield* nothingLeft
  }), 300_000)

const SAMPLES = "GET /containers/RUN/stats"

const SLOW_CALLS = [
  // Without samples a run is as good.
  [SAMPLES, "timed out"],
  // What cannot be killed has not been carried out.
  ["POST /containers/RUN/kill", "ContainerKill"]
] as const

it.live("every fate of the calls that only a long run makes", () =>
  Effect.gen(function*() {
    const cases = SLOW_CALLS.flatMap(([call, expected]) =>
      (["refuse", "drop", "lose"] as const).map((fate) => ({ call, expected, fate }))
    )
    const outcomes = yield* Effect.forEach(cases, ({ call, fate }) =>
      Effect.gen(function*() {
        const limit = yield* TimeLimit.make
        const decide = once(call, () => Promise.resolve(fate))
        const proxy = yield* Proxy.make(daemon.socket, async (name) => {
          // The last call before the end.
          if (name === SAMPLES) await Effect.runPromise(limit.expire)
          return decide(name)
        })
        const slow: JobInput = {
          ...job,
          command: ["/bin/sleep", "100000"],
          limits: { network: "none", timeout: limit.timeout }
        }
        const outcome = yield* Effect.match(limit.govern(runThrough(proxy, slow)), {
          onFailure: (error) => "operation" in error ? error.operation : error.message,
          onSuccess: ({ timedOut }) => timedOut ? "timed out" : "ended"
        })
        return [fate, proxy.calls.includes(call), outcome]
      }).pipe(Effect.scoped), { concurrency: CONCURRENCY })
    expect(outcomes).toStrictEqual(cases.map(({ expected, fate }) => [fate, true, expected]))
    yield* nothingLeft
  }), 300_000)

it.live("interruption @node", () =>
  Effect.gen(function*() {
    const outcomes = yield* Effect.forEach(CALLS, ([call]) =>
      Effect.gen(function*() {
        const reached = yield* Deferred.make<void>()
        const interrupted = yield* Deferred.make<void>()
        const proxy = yield* Proxy.make(
          daemon.socket,
          once(call, async () => {
            await Effect.runPromise(Deferred.succeed(reached, undefined))
            await Effect.runPromise(Deferred.await(interrupted))
            return "forward"
          })
        )
        const fiber = yield* Effect.fork(runThrough(proxy))
        yield* Deferred.await(reached)
        yield* Fiber.interruptFork(fiber)
        // The fiber has been told when this one is next.
        yield* Effect.yieldNow()
        yield* Deferred.succeed(interrupted, undefined)
        const exit = yield* Fiber.await(fiber)
        return [call, Exit.isInterrupted(exit) ? "interrupted" : exit._tag]
      }).pipe(Effect.scoped), { concurrency: CONCURRENCY })
    expect(outcomes).toStrictEqual(CALLS.map(([call]) => [call, "interrupted"]))
    yield* nothingLeft
  }), 300_000)

it.live(
  "output that is lost on the way is a failure",
  () =>
    Effect.scoped(Effect.gen(function*() {
      const gate = yield* Gate.make
      const proxy = yield* Proxy.make(daemon.socket, () => "forward")
      const events = runStream({
        ...job,
        command: ["/bin/sh", "-c", `echo first; ${gate.wait}; echo second`],
        mounts: [gate.mount]
      })
      const error = yield* Stream.runForEach(
        events,
        () => Effect.zipRight(proxy.dropStreams, gate.open)
      ).pipe(
        Effect.provide(EngineLive.layer({ DOCKER_HOST: proxy.host })),
        Effect.flip
      )
      expect(error).toMatchObject({ _tag: "OutputLost", reason: "Missing" })
      yield* nothingLeft
    })),
  180_000
)
