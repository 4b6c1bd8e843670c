/**
 * The calls about images.
 */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type EngineOperations, ImageInspection, PullMessage } from "../../Engine.js"
import * as Http from "../http.js"
import { type Api, orNone } from "./api.js"

const inspection = Http.json(ImageInspection)
const messages = Http.documents(PullMessage)

const pathOf = (image: string): string => image.split("/").map(encodeURIComponent).join("/")

export const imageOperations = (
  { base, client }: Api
): Pick<EngineOperations, "imageCreate" | "imageInspect"> => ({
  imageInspect: (image) =>
    orNone(inspection(client, "imageInspect", HttpClientRequest.get(`${base}/images/${pathOf(image)}/json`))),
  imageCreate: (image, credentials) =>
    messages(
      client,
      "imageCreate",
      HttpClientRequest.post(`${base}/images/create`, {
        urlParams: { fromImage: image },
        headers: Option.match(credentials, {
          onNone: () => ({}),
          onSome: (secret) => ({ "X-Registry-Auth": Redacted.value(secret) })
        })
      })
    )
})
