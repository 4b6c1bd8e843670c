/**
 * The Engine API over HTTP: a unix socket, tcp, or tcp with TLS.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as DockerHost from "./DockerHost.js"
import { Engine } from "./Engine.js"
import type { EngineFailure } from "./EngineError.js"
import { connect } from "./internal/dispatcher.js"
import { makeApi } from "./internal/live/api.js"
import { archiveOperations } from "./internal/live/archives.js"
import { containerOperations, runOperations } from "./internal/live/containers.js"
import { imageOperations } from "./internal/live/images.js"
import { volumeOperations } from "./internal/live/volumes.js"
import { negotiate } from "./internal/version.js"
import type { EngineUnusable } from "./SandboxError.js"

const make = (
  host: DockerHost.DockerHost
): Effect.Effect<Engine["Type"], EngineFailure | EngineUnusable, Scope.Scope> =>
  Effect.gen(function*() {
    const connection = yield* connect(host).pipe(Effect.provide(NodeFileSystem.layer))
    // Its spans would hold the header with the credentials.
    const client = HttpClient.withTracerDisabledWhen(
      NodeHttpClient.makeUndici(connection.dispatcher),
      () => true
    )
    const api = makeApi(client, connection, yield* negotiate(client, connection.origin, host.host))
    return {
      ...imageOperations(api),
      ...volumeOperations(api),
      ...containerOperations(api),
      ...runOperations(api),
      ...archiveOperations(api),
      socket: host._tag === "Unix" ? Option.some(host.path) : Option.none()
    }
  })

/**
 * The daemon that the variables mean. Fails with an `EngineUnusable` when they mean none, or one that is too old, and with
 * an `EngineUnreachable` or an `EngineError` when it does not answer, or not as it should.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  env: Readonly<Record<string, string | undefined>>
): Layer.Layer<Engine, EngineFailure | EngineUnusable> =>
  Layer.scoped(Engine, Effect.flatMap(DockerHost.fromEnvironment(env), make))
