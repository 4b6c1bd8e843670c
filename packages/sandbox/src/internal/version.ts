/**
 * Which version of the API to speak: the highest that both sides know.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { EngineError, type EngineFailure, EngineUnreachable } from "../EngineError.js"
import { EngineUnusable } from "../SandboxError.js"
import { reasonOf } from "./http.js"

type Version = readonly [major: number, minor: number]

/** What this was written against. */
const NEWEST: Version = [1, 51]

/** An older daemon ignores what it does not know, `CgroupnsMode` for one: the isolation would be weaker than it says. */
const OLDEST: Version = [1, 41]

const parse = (text: string): Version | undefined => {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(text) ?? []
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)]
}

const isBefore = ([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean =>
  major === otherMajor ? minor < otherMinor : major < otherMajor

const OPERATION = "SystemPing"

const failed = (reason: EngineError["reason"], status: number, detail: string) =>
  new EngineError({ operation: OPERATION, reason, status, detail })

/** The version to put into URLs, such as `1.41`: SystemPing tells the daemon's in a header. */
export const negotiate = (
  client: HttpClient.HttpClient,
  origin: string,
  host: string
): Effect.Effect<string, EngineFailure | EngineUnusable> =>
  Effect.gen(function*() {
    const { headers, status } = yield* client.execute(HttpClientRequest.get(`${origin}/_ping`)).pipe(
      Effect.tap((response) => response.text),
      Effect.mapError(({ cause }) => new EngineUnreachable({ operation: OPERATION, detail: reasonOf(cause) }))
    )
    if (status !== 200) return yield* failed("Refused", status, "it is not ready")
    const theirs = parse(headers["api-version"] ?? "")
    if (theirs === undefined) {
      return yield* failed("Unexpected", status, "it names no version of the Engine API")
    }
    if (isBefore(theirs, OLDEST)) {
      return yield* new EngineUnusable({
        host,
        reason: "Version",
        detail: `it knows version ${theirs.join(".")} of the Engine API, ${
          OLDEST.join(".")
        } is needed (Docker 20.10)`
      })
    }
    return (isBefore(theirs, NEWEST) ? theirs : NEWEST).join(".")
  })
