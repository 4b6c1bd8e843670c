/**
 * The calls about containers: that they are there, and that they run.
 */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ContainerInspection, ContainerSummaries, type EngineOperations, Stats } from "../../Engine.js"
import { engineError } from "../../EngineError.js"
import { attach } from "../attach.js"
import * as Http from "../http.js"
import { type Api, containerUrl, labelled } from "./api.js"

const WaitAnswer = Schema.Struct({
  StatusCode: Schema.Int,
  Error: Schema.NullishOr(Schema.Struct({ Message: Schema.String }))
})

const inspection = Http.json(ContainerInspection)
const summaries = Http.json(ContainerSummaries)
const waitAnswer = Http.jsonWithStatus(WaitAnswer)
const samples = Http.documents(Stats)

const { del, get, post } = HttpClientRequest

/** Returns when the container does not run. */
const containerWait = (api: Api): EngineOperations["containerWait"] => (name) =>
  Effect.flatMap(
    waitAnswer(
      api.client,
      "containerWait",
      post(containerUrl(api, name, "/wait"), { urlParams: { condition: "not-running" } })
    ),
    ([{ Error: error, StatusCode: code }, status]) =>
      error
        ? engineError("containerWait", { reason: "Failed", status, detail: error.Message })
        : Effect.succeed(code)
  )

type Lives = "containerCreate" | "containerDelete" | "containerInspect" | "containerList"

/** That there is a container, and how it is. */
export const containerOperations = (api: Api): Pick<EngineOperations, Lives> => ({
  containerList: (label) =>
    Effect.map(
      summaries(
        api.client,
        "containerList",
        get(`${api.base}/containers/json`, { urlParams: { all: "1", ...labelled(label) } })
      ),
      (list) => list.map(({ Id, Labels }) => ({ id: Id, labels: Labels }))
    ),
  containerCreate: (name, request) =>
    Http.run(
      api.client,
      "containerCreate",
      HttpClientRequest.bodyUnsafeJson(
        post(`${api.base}/containers/create`, { urlParams: { name } }),
        request
      )
    ),
  containerInspect: (name) =>
    Effect.map(
      inspection(api.client, "containerInspect", get(containerUrl(api, name, "/json"))),
      ({ State }) => State
    ),
  containerDelete: (name) =>
    Http.run(
      api.client,
      "containerDelete",
      del(containerUrl(api, name, ""), { urlParams: { force: "1", v: "1" } })
    )
})

type Runs =
  | "containerAttach"
  | "containerKill"
  | "containerLogs"
  | "containerStart"
  | "containerStats"
  | "containerWait"

/** That it runs, and what it says. */
export const runOperations = (api: Api): Pick<EngineOperations, Runs> => ({
  containerAttach: (name, stdin) =>
    attach(
      api.connection,
      containerUrl(api, name, `/attach?stream=1&stdout=1&stderr=1${stdin ? "&stdin=1" : ""}`)
        .slice(api.connection.origin.length)
    ),
  containerStart: (name) => Http.run(api.client, "containerStart", post(containerUrl(api, name, "/start"))),
  containerWait: containerWait(api),
  containerKill: (name) => Http.run(api.client, "containerKill", post(containerUrl(api, name, "/kill"))),
  containerLogs: (name) =>
    Http.bytes(
      api.client,
      "containerLogs",
      get(containerUrl(api, name, "/logs"), { urlParams: { stdout: "1", stderr: "1" } })
    ),
  containerStats: (name) => samples(api.client, "containerStats", get(containerUrl(api, name, "/stats")))
})
