/**
 * What all calls over HTTP have in common.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { type EngineFailure, hasStatus } from "../../EngineError.js"
import type { Connection } from "../dispatcher.js"

/** A daemon, by a version of its API. */
export interface Api {
  readonly client: HttpClient.HttpClient
  readonly connection: Connection
  /** What the URLs of all calls begin with: `http://localhost/v1.41`. */
  readonly base: string
}

export const makeApi = (client: HttpClient.HttpClient, connection: Connection, version: string): Api => ({
  client,
  connection,
  base: `${connection.origin}/v${version}`
})

/** The URL of a container's call, such as `/start`. */
export const containerUrl = ({ base }: Api, name: string, call: string): string =>
  `${base}/containers/${encodeURIComponent(name)}${call}`

/** Only what has this label. */
export const labelled = (label: string) => ({ filters: JSON.stringify({ label: [label] }) })

/** 404 is an answer here, not a failure. */
export const orNone = <A>(
  call: Effect.Effect<A, EngineFailure>
): Effect.Effect<Option.Option<A>, EngineFailure> =>
  call.pipe(
    Effect.asSome,
    Effect.catchIf(hasStatus(404), () => Effect.succeedNone)
  )
