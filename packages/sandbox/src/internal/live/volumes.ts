/**
 * The calls about volumes.
 */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { type EngineOperations, VolumeSummaries } from "../../Engine.js"
import * as Http from "../http.js"
import { type Api, labelled } from "./api.js"

const summaries = Http.json(VolumeSummaries)

export const volumeOperations = (
  { base, client }: Api
): Pick<EngineOperations, "volumeCreate" | "volumeDelete" | "volumeList"> => ({
  volumeList: (label) =>
    Effect.map(
      summaries(
        client,
        "volumeList",
        HttpClientRequest.get(`${base}/volumes`, { urlParams: labelled(label) })
      ),
      ({ Volumes }) => (Volumes ?? []).map(({ Labels, Name }) => ({ id: Name, labels: Labels }))
    ),
  volumeCreate: (name, labels) =>
    Http.run(
      client,
      "volumeCreate",
      HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(`${base}/volumes/create`), {
        Name: name,
        Labels: labels
      })
    ),
  volumeDelete: (name) =>
    Http.run(client, "volumeDelete", HttpClientRequest.del(`${base}/volumes/${encodeURIComponent(name)}`))
})
