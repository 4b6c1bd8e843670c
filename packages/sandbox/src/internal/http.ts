/**
 * Calls of the Engine API over HTTP, and what their answers mean.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import {
  type EngineError,
  engineError,
  type EngineFailure,
  type EngineUnreachable,
  engineUnreachable,
  type Operation
} from "../EngineError.js"

/** What Node and undici say: "connect ECONNREFUSED /run/docker.sock", "other side closed". */
export const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "the connection failed"
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(", ")
  return cause.message === "" ? cause.name : cause.message
}

/** No answer, or not all of it. */
export const unreachable = (operation: Operation, cause: unknown): EngineUnreachable =>
  engineUnreachable(operation, reasonOf(cause))

export const unexpected = (operation: Operation, status: number, detail: string): EngineError =>
  engineError(operation, { reason: "Unexpected", status, detail })

const lost = (operation: Operation) => (error: HttpClientError.HttpClientError): EngineUnreachable =>
  unreachable(operation, error.cause)

const decodeMessage = Schema.decodeUnknownOption(Schema.parseJson(Schema.Struct({ message: Schema.String })))

/** The API's errors are `{"message": "..."}`; what is in between, such as a proxy, may say something else. */
export const refused = (operation: Operation, status: number, body: string): EngineError =>
  engineError(operation, {
    reason: "Refused",
    status,
    detail: Option.match(decodeMessage(body), {
      onNone: () => body.slice(0, 200) || "no reason given",
      onSome: ({ message }) => message
    })
  })

/** The answer to a call that the daemon did not refuse. */
export const call = (
  client: HttpClient.HttpClient,
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, EngineFailure> =>
  client.execute(request).pipe(
    Effect.mapError(lost(operation)),
    Effect.filterOrElse(
      ({ status }) => status < 400,
      (response) =>
        response.text.pipe(
          Effect.mapError(lost(operation)),
          Effect.flatMap((body) => Effect.fail(refused(operation, response.status, body)))
        )
    )
  )

/** A call whose answer says nothing but that it worked. The body is read: the connection is free after that. */
export const run = (
  client: HttpClient.HttpClient,
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<void, EngineFailure> =>
  call(client, operation, request).pipe(
    Effect.flatMap((response) => Effect.mapError(response.text, lost(operation))),
    Effect.asVoid
  )

const NOT_JSON = "it is not the JSON that the API describes"

/** A call that answers with JSON, and with which status. */
export const jsonWithStatus = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(Schema.parseJson(schema))
  return (
    client: HttpClient.HttpClient,
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest
  ): Effect.Effect<readonly [answer: A, status: number], EngineFailure> =>
    Effect.gen(function*() {
      const response = yield* call(client, operation, request)
      const text = yield* Effect.mapError(response.text, lost(operation))
      const answer = yield* Effect.mapError(
        decode(text),
        () => unexpected(operation, response.status, NOT_JSON)
      )
      return [answer, response.status]
    })
}

/** A call that answers with JSON. */
export const json = <A, I>(schema: Schema.Schema<A, I>) => {
  const ask = jsonWithStatus(schema)
  return (...args: Parameters<typeof ask>): Effect.Effect<A, EngineFailure> =>
    Effect.map(ask(...args), ([answer]) => answer)
}

/** A call that answers with bytes. */
export const bytes = (
  client: HttpClient.HttpClient,
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest
): Stream.Stream<Uint8Array, EngineFailure> =>
  Stream.unwrap(
    Effect.map(
      call(client, operation, request),
      (response) => Stream.mapError(response.stream, lost(operation))
    )
  )

/** A call that answers with one JSON document after another, as they come. */
export const documents = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(Schema.parseJson(schema))
  return (
    client: HttpClient.HttpClient,
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest
  ): Stream.Stream<A, EngineFailure> =>
    Stream.unwrap(
      Effect.map(call(client, operation, request), ({ status, stream }) =>
        stream.pipe(
          Stream.mapError(lost(operation)),
          Stream.decodeText(),
          Stream.splitLines,
          Stream.filter((line) => line.trim() !== ""),
          Stream.mapEffect((line) =>
            Effect.mapError(decode(line), () => unexpected(operation, status, NOT_JSON))
          )
        ))
    )
}
