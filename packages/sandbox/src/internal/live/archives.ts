/**
 * The calls about files of containers.
 */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { EngineOperations } from "../../Engine.js"
import type { InputRefused, InputUnreadable } from "../../SandboxError.js"
import * as Http from "../http.js"
import { pathStat } from "../pathStat.js"
import { type Api, containerUrl, orNone } from "./api.js"

/** What was wrong with the archive is the reason, not that the daemon then did not get all of it. */
const putContainerArchive = (api: Api): EngineOperations["putContainerArchive"] => (name, path, archive) =>
  Effect.gen(function*() {
    const broken = yield* Ref.make(Option.none<InputRefused | InputUnreadable>())
    const body = Stream.tapError(archive, (error) => Ref.set(broken, Option.some(error)))
    const request = HttpClientRequest.put(containerUrl(api, name, "/archive"), { urlParams: { path } }).pipe(
      HttpClientRequest.bodyStream(body, { contentType: "application/x-tar" })
    )
    yield* Http.run(api.client, "putContainerArchive", request).pipe(
      Effect.catchAll((error) => Effect.flip(Effect.map(Ref.get(broken), Option.getOrElse(() => error))))
    )
  })

export const archiveOperations = (
  api: Api
): Pick<EngineOperations, "containerArchive" | "containerArchiveInfo" | "putContainerArchive"> => ({
  containerArchiveInfo: (name, path) =>
    orNone(Effect.flatMap(
      Http.call(
        api.client,
        "containerArchiveInfo",
        HttpClientRequest.head(containerUrl(api, name, "/archive"), { urlParams: { path } })
      ),
      pathStat
    )),
  containerArchive: (name, path) =>
    Http.bytes(
      api.client,
      "containerArchive",
      HttpClientRequest.get(containerUrl(api, name, "/archive"), { urlParams: { path } })
    ),
  putContainerArchive: putContainerArchive(api)
})
