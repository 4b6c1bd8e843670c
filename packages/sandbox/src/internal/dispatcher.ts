/**
 * Connections to a daemon: undici's, whose limits are taken away where a run may last for hours.
 */
import { Agent, type Dispatcher } from "@effect/platform-node/Undici"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import type { DockerHost } from "../DockerHost.js"
import { EngineUnusable } from "../SandboxError.js"

/** How a daemon is reached: connections, and the part of URLs before the path. */
export interface Connection {
  readonly dispatcher: Dispatcher
  readonly origin: string
}

const UNLIMITED = { headersTimeout: 0, bodyTimeout: 0 }

/** Closed with the scope, with whatever still goes on. */
const agent = (connect: NonNullable<Agent.Options["connect"]>, origin: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ ...UNLIMITED, connect })),
      (dispatcher) => Effect.promise(() => dispatcher.destroy())
    ),
    (dispatcher): Connection => ({ dispatcher, origin })
  )

const readCertificates = (host: string, directory: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.all({
      ca: fs.readFileString(join(directory, "ca.pem")),
      cert: fs.readFileString(join(directory, "cert.pem")),
      key: fs.readFileString(join(directory, "key.pem"))
    })).pipe(
      Effect.mapError(({ message }) => new EngineUnusable({ host, reason: "Certificates", detail: message }))
    )

export const connect = (host: DockerHost) =>
  host._tag === "Unix"
    ? agent({ socketPath: host.path }, "http://localhost")
    : host.certificates === undefined
    ? agent({}, `http://${host.address}`)
    : Effect.flatMap(
      readCertificates(host.host, host.certificates),
      (tls) => agent(tls, `https://${host.address}`)
    )
