/**
 * What calls over HTTP tell others than the daemon.
 */
import { EngineLive } from "@chroot-exec/sandbox"
import { Engine } from "@chroot-exec/sandbox/Engine"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { createServer } from "node:http"
import { listen } from "./support/Listener.js"

/** Does the effect, and returns the spans that it made. */
const spansOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const native = yield* Effect.tracer
    const spans: Array<Tracer.Span> = []
    const recording = Tracer.make({
      span: (...args) => {
        const span = native.span(...args)
        spans.push(span)
        return span
      },
      context: (f, fiber) => native.context(f, fiber)
    })
    yield* Effect.withTracer(effect, recording)
    return spans
  })

it.scopedLive("a pull with credentials leaves no span of its own, which would hold them", () =>
  Effect.gen(function*() {
    const calls: Array<ReadonlyArray<unknown>> = []
    const server = createServer(({ headers, method, url }, response) => {
      calls.push([method, url, headers["x-registry-auth"]])
      response.writeHead(200, { "api-version": "1.41" }).end()
    })
    const layer = EngineLive.layer({ DOCKER_HOST: `unix://${yield* listen(server)}` })
    const pull = Effect.flatMap(
      Engine,
      ({ imageCreate }) => Stream.runDrain(imageCreate("image:latest", Option.some(Redacted.make("hunter2"))))
    )
    const spans = yield* spansOf(Effect.provide(Effect.withSpan(pull, "the caller's"), layer))
    expect(spans.map(({ attributes, name }) => [name, [...attributes]])).toStrictEqual([["the caller's", []]])
    expect(calls).toStrictEqual([
      ["GET", "/_ping", undefined],
      ["POST", "/v1.41/images/create?fromImage=image%3Alatest", "hunter2"]
    ])
  }))
