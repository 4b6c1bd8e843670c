/**
 * A real daemon that is restarted while a run is on its way.
 */
import { runStream } from "@chroot-exec/sandbox"
import { afterAll, beforeAll, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CALLS, job, once, runThrough, summary } from "./support/calls.js"
import * as Dockerd from "./support/Dockerd.js"
import * as Proxy from "./support/Proxy.js"

const scope = Effect.runSync(Scope.make())
let daemon: Effect.Effect.Success<typeof Dockerd.own>
beforeAll(async () => {
  daemon = await Effect.runPromise(Scope.extend(Dockerd.own, scope))
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const nothingLeft = Effect.suspend(() => daemon.left).pipe(
  Effect.map((left) => expect(left).toStrictEqual({ containers: [], volumes: [] }))
)

it.live("at every call", () =>
  Effect.gen(function*() {
    const outcomes = yield* Effect.forEach(CALLS, ([call]) =>
      Effect.gen(function*() {
        const restart = async (): Promise<Proxy.Fate> => {
          await Effect.runPromise(daemon.restart)
          return "drop"
        }
        const proxy = yield* Proxy.make(daemon.socket, once(call, restart))
        const outcome = yield* Effect.match(runThrough(proxy), {
          onFailure: (error) => error._tag,
          onSuccess: summary
        })
        yield* nothingLeft
        return [call, outcome]
      }).pipe(Effect.scoped))
    expect(outcomes).toStrictEqual(
      CALLS.map((
        [call, _operation, consequence]
      ) => [call, consequence === "fails" ? "EngineUnreachable" : "0 1"])
    )
  }), 900_000)

it.live("under a command, which is an error", () =>
  Effect.gen(function*() {
    const up = yield* Deferred.make<void>()
    const restarting = yield* Effect.fork(Effect.zipRight(Deferred.await(up), daemon.restart))
    const events = runStream({ ...job, command: ["/bin/sh", "-c", "echo up; sleep 1000"] })
    const error = yield* Stream.runForEach(events, () => Deferred.succeed(up, undefined)).pipe(
      Effect.provide(daemon.layer),
      Effect.flip
    )
    // It may still answer as it stops: then with an error.
    expect(["EngineError", "EngineUnreachable"]).toContain(error._tag)
    yield* Fiber.join(restarting)
    yield* nothingLeft
  }), 120_000)
