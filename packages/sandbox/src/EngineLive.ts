/**
 * The Engine API over HTTP: a unix socket, tcp, or tcp with TLS.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as DockerHost from "./DockerHost.js"
import {
  ContainerInspection,
  ContainerSummaries,
  Engine,
  type EngineOperations,
  ImageInspection,
  PullMessage,
  Stats,
  VolumeSummaries
} from "./Engine.js"
import { engineError, type EngineFailure, hasStatus } from "./EngineError.js"
import { attach } from "./internal/attach.js"
import { connect, type Connection } from "./internal/dispatcher.js"
import * as Http from "./internal/http.js"
import { pathStat } from "./internal/pathStat.js"
import { negotiate } from "./internal/version.js"
import type { EngineUnusable, InputRefused, InputUnreadable } from "./SandboxError.js"

const WaitAnswer = Schema.Struct({
  StatusCode: Schema.Int,
  Error: Schema.NullishOr(Schema.Struct({ Message: Schema.String }))
})

const image = Http.json(ImageInspection)
const inspection = Http.json(ContainerInspection)
const summaries = Http.json(ContainerSummaries)
const volumes = Http.json(VolumeSummaries)
const waitAnswer = Http.jsonWithStatus(WaitAnswer)
const pullMessages = Http.documents(PullMessage)
const samples = Http.documents(Stats)

const filters = (label: string) => ({ filters: JSON.stringify({ label: [label] }) })

/** 404 is an answer here, not a failure. */
const orNone = <A>(call: Effect.Effect<A, EngineFailure>): Effect.Effect<Option.Option<A>, EngineFailure> =>
  call.pipe(
    Effect.asSome,
    Effect.catchIf(hasStatus(404), () => Effect.succeedNone)
  )

const { del, get, head, post, put } = HttpClientRequest

/** The operations below a base such as `http://localhost/v1.41`. */
const operations = (
  client: HttpClient.HttpClient,
  connection: Connection,
  version: string
): EngineOperations => {
  const base = `${connection.origin}/v${version}`
  const container = (name: string, call: string) => `${base}/containers/${encodeURIComponent(name)}${call}`
  const pathOf = (name: string) => name.split("/").map(encodeURIComponent).join("/")

  /** What was wrong with the archive is the reason, not that the daemon then did not get all of it. */
  const putContainerArchive: EngineOperations["putContainerArchive"] = (name, path, archive) =>
    Effect.gen(function*() {
      const broken = yield* Ref.make(Option.none<InputRefused | InputUnreadable>())
      const body = Stream.tapError(archive, (error) => Ref.set(broken, Option.some(error)))
      const request = put(container(name, "/archive"), { urlParams: { path } }).pipe(
        HttpClientRequest.bodyStream(body, { contentType: "application/x-tar" })
      )
      yield* Http.run(client, "putContainerArchive", request).pipe(
        Effect.catchAll((error) => Effect.flip(Effect.map(Ref.get(broken), Option.getOrElse(() => error))))
      )
    })

  return {
    imageInspect: (name) => orNone(image(client, "imageInspect", get(`${base}/images/${pathOf(name)}/json`))),
    imageCreate: (name, credentials) =>
      pullMessages(
        client,
        "imageCreate",
        post(`${base}/images/create`, {
          urlParams: { fromImage: name },
          headers: Option.match(credentials, {
            onNone: () => ({}),
            onSome: (secret) => ({ "X-Registry-Auth": Redacted.value(secret) })
          })
        })
      ),
    containerList: (label) =>
      Effect.map(
        summaries(
          client,
          "containerList",
          get(`${base}/containers/json`, { urlParams: { all: "1", ...filters(label) } })
        ),
        (list) => list.map(({ Id, Labels }) => ({ id: Id, labels: Labels }))
      ),
    volumeList: (label) =>
      Effect.map(
        volumes(client, "volumeList", get(`${base}/volumes`, { urlParams: filters(label) })),
        ({ Volumes }) => (Volumes ?? []).map(({ Labels, Name }) => ({ id: Name, labels: Labels }))
      ),
    volumeCreate: (name, labels) =>
      Http.run(
        client,
        "volumeCreate",
        HttpClientRequest.bodyUnsafeJson(post(`${base}/volumes/create`), { Name: name, Labels: labels })
      ),
    volumeDelete: (name) =>
      Http.run(client, "volumeDelete", del(`${base}/volumes/${encodeURIComponent(name)}`)),
    containerCreate: (name, request) =>
      Http.run(
        client,
        "containerCreate",
        HttpClientRequest.bodyUnsafeJson(post(`${base}/containers/create`, { urlParams: { name } }), request)
      ),
    containerAttach: (name, stdin) =>
      attach(
        connection,
        container(name, `/attach?stream=1&stdout=1&stderr=1${stdin ? "&stdin=1" : ""}`)
          .slice(connection.origin.length)
      ),
    containerStart: (name) => Http.run(client, "containerStart", post(container(name, "/start"))),
    containerWait: (name) =>
      waitAnswer(
        client,
        "containerWait",
        post(container(name, "/wait"), { urlParams: { condition: "not-running" } })
      )
        .pipe(
          Effect.flatMap(([{ Error: error, StatusCode: code }, status]) =>
            error
              ? engineError("containerWait", { reason: "Failed", status, detail: error.Message })
              : Effect.succeed(code)
          )
        ),
    containerKill: (name) => Http.run(client, "containerKill", post(container(name, "/kill"))),
    containerLogs: (name) =>
      Http.bytes(
        client,
        "containerLogs",
        get(container(name, "/logs"), { urlParams: { stdout: "1", stderr: "1" } })
      ),
    containerInspect: (name) =>
      Effect.map(
        inspection(client, "containerInspect", get(container(name, "/json"))),
        ({ State }) => State
      ),
    containerStats: (name) => samples(client, "containerStats", get(container(name, "/stats"))),
    containerDelete: (name) =>
      Http.run(
        client,
        "containerDelete",
        del(container(name, ""), { urlParams: { force: "1", v: "1" } })
      ),
    containerArchiveInfo: (name, path) =>
      orNone(Effect.flatMap(
        Http.call(client, "containerArchiveInfo", head(container(name, "/archive"), { urlParams: { path } })),
        pathStat
      )),
    containerArchive: (name, path) =>
      Http.bytes(client, "containerArchive", get(container(name, "/archive"), { urlParams: { path } })),
    putContainerArchive
  }
}

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
    const version = yield* negotiate(client, connection.origin, host.host)
    return {
      ...operations(client, connection, version),
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
