/**
 * A run, every call that it makes of its engine, and what becomes of one of them.
 */
import { EngineLive, type JobInput, runOnce } from "@chroot-exec/sandbox"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Proxy from "./Proxy.js"
import { tarOf } from "./tar.js"

/** Every call, by its operation, and whether its failure is the run's. Others are tried again, or no trouble. */
export const CALLS: ReadonlyArray<
  readonly [call: string, operation: string, consequence: "fails" | "goes on"]
> = [
  ["GET /_ping", "SystemPing", "fails"],
  ["GET /containers/json", "ContainerList", "goes on"],
  ["GET /volumes", "VolumeList", "goes on"],
  ["GET /images/image/json", "ImageInspect", "fails"],
  ["POST /volumes/create", "VolumeCreate", "fails"],
  ["POST /containers/create RUN-filler", "ContainerCreate", "fails"],
  ["PUT /containers/RUN-filler/archive", "PutContainerArchive", "fails"],
  ["DELETE /containers/RUN-filler", "ContainerDelete", "goes on"],
  ["POST /containers/create RUN", "ContainerCreate", "fails"],
  ["POST /containers/RUN/attach", "ContainerAttach", "fails"],
  ["POST /containers/RUN/start", "ContainerStart", "fails"],
  ["POST /containers/RUN/wait", "ContainerWait", "fails"],
  ["GET /containers/RUN/logs", "ContainerLogs", "fails"],
  ["GET /containers/RUN/json", "ContainerInspect", "fails"],
  ["HEAD /containers/RUN/archive", "ContainerArchiveInfo", "fails"],
  ["GET /containers/RUN/archive", "ContainerArchive", "fails"],
  ["DELETE /containers/RUN", "ContainerDelete", "goes on"],
  ["DELETE /volumes/RUN-0", "VolumeDelete", "goes on"]
]

/** One that makes them all. */
export const job: JobInput = {
  image: "image",
  command: ["/bin/cp", "file", "copy"],
  inputTar: Stream.fromEffect(Effect.promise(() => tarOf([{ name: "file", content: "x" }]))),
  collect: ["/workspace/copy"],
  limits: { network: "none", timeout: Duration.infinity, memory: 16 * 1024 ** 2 }
}

export const runThrough = ({ host }: Proxy.Proxy, input = job) =>
  Effect.provide(runOnce(input), EngineLive.layer({ DOCKER_HOST: host }))

/** The exit code, and how many files were collected. */
export const summary = (result: Effect.Effect.Success<ReturnType<typeof runThrough>>): string =>
  [Option.getOrNull(result.exitCode), result.artifacts.files.size].join(" ")

/** A fate for the first call of that name; the same call tried again is forwarded. */
export const once = (call: string, fate: () => Promise<Proxy.Fate>) => {
  let pending = true
  return async (name: string): Promise<Proxy.Fate> => {
    if (name !== call || !pending) return "forward"
    pending = false
    return fate()
  }
}
