/**
 * What calls over HTTP tell others than the daemon.
 */
import { EngineLive } from "@chroot-exec/sandbox"
import { Engine } from "@chroot-exec/sandbox/Engine"
import type { EngineFailure } from "@chroot-exec/sandbox/EngineError"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { createServer, type ServerResponse } from "node:http"
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

type Use = (engine: Engine["Type"]) => Effect.Effect<void, EngineFailure>

/** How a call to a daemon fails that answers it so. */
const failure = (answer: (response: ServerResponse) => void, use: Use) =>
  Effect.gen(function*() {
    const server = createServer(({ url }, response) => {
      if (url === "/_ping") response.writeHead(200, { "api-version": "1.41" }).end()
      else answer(response)
    })
    const layer = EngineLive.layer({ DOCKER_HOST: `unix://${yield* listen(server)}` })
    return yield* Effect.flip(Effect.provide(Effect.flatMap(Engine, use), layer))
  })

const wait: Use = ({ containerWait }) => Effect.asVoid(containerWait("c"))
const pull: Use = ({ imageCreate }) => Stream.runDrain(imageCreate("image", Option.none()))

it.scopedLive.each<readonly [string, status: number, body: string, Use, fields: object, message: string]>([
  [
    "refuses",
    500,
    "{\"message\":\"no\\nspace\"}",
    wait,
    { operation: "ContainerWait", reason: "Refused", status: 500, detail: "no\nspace" },
    "Docker refused ContainerWait (500): no space"
  ],
  [
    "says in its answer that it failed",
    201,
    "{\"StatusCode\":0,\"Error\":{\"Message\":\"lost it\"}}",
    wait,
    { operation: "ContainerWait", reason: "Failed", status: 201, detail: "lost it" },
    "Docker failed at ContainerWait (201): lost it"
  ],
  [
    "answers with something else",
    203,
    "{}",
    wait,
    {
      operation: "ContainerWait",
      reason: "Unexpected",
      status: 203,
      detail: "it is not the JSON that the API describes"
    },
    "Docker gave an answer to ContainerWait that makes no sense (203): it is not the JSON that the API describes"
  ],
  [
    "answers with something else among messages",
    203,
    "{}\nno\n",
    pull,
    {
      operation: "ImageCreate",
      reason: "Unexpected",
      status: 203,
      detail: "it is not the JSON that the API describes"
    },
    "Docker gave an answer to ImageCreate that makes no sense (203): it is not the JSON that the API describes"
  ]
])(
  "a daemon that %s: with the status that it gave @node",
  ([, status, body, use, fields, message]) =>
    Effect.map(failure((response) => response.writeHead(status).end(body), use), (error) => {
      expect(error).toMatchObject({ _tag: "EngineError", ...fields })
      expect(error.message).toBe(message)
    })
)

it.scopedLive("a daemon that closes the connection has no status @node", () =>
  Effect.map(failure((response) => response.destroy(), wait), (error) => {
    expect(error._tag).toBe("EngineUnreachable")
    expect(error.message).toBe(
      "Docker cannot be reached for ContainerWait: other side closed; check DOCKER_HOST and that the daemon runs"
    )
  }))
