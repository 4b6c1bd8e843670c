/**
 * Where the daemon is, as the environment says: `DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { join } from "node:path"
import { EngineUnusable } from "./SandboxError.js"

/**
 * - `Unix`: a socket on this host;
 * - `Tcp`: a network address, `plain`, or with the certificates in a directory: `ca.pem`, `cert.pem` and `key.pem`.
 *
 * @since 0.1.0
 * @category models
 */
export type DockerHost = Data.TaggedEnum<{
  Unix: { readonly host: string; readonly path: string }
  Tcp: { readonly host: string; readonly address: string; readonly certificates: string | undefined }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const DockerHost = Data.taggedEnum<DockerHost>()

/**
 * The address without `DOCKER_HOST`.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_HOST = "unix:///var/run/docker.sock"

const unusable = (host: string, detail: string) =>
  Either.left(new EngineUnusable({ host, reason: "Address", detail }))

const fromUnix = (host: string) => {
  const path = host.slice("unix://".length)
  return path.startsWith("/") ? Either.right(DockerHost.Unix({ host, path })) : unusable(
    host,
    "unix:// takes an absolute path"
  )
}

/** Without a port, the one that is customary. */
const fromTcp = (host: string, certificates: string | undefined) => {
  const address = host.replace(/^tcp:/, "http:")
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || url.hostname === "" || !["", "/"].includes(url.pathname + url.search)) {
    return unusable(host, "tcp:// takes a host and a port")
  }
  const port = /:(\d+)\/?$/.exec(host)?.[1] ?? (certificates === undefined ? "2375" : "2376")
  return Either.right(DockerHost.Tcp({ host, address: `${url.hostname}:${port}`, certificates }))
}

/**
 * The daemon that these variables mean. Over tcp, TLS is used when `DOCKER_TLS_VERIFY` or `DOCKER_CERT_PATH` is set, and
 * then the daemon's certificate is always verified.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromEnvironment = (
  env: Readonly<Record<string, string | undefined>>
): Either.Either<DockerHost, EngineUnusable> => {
  const host = env["DOCKER_HOST"] || DEFAULT_HOST
  const configured = env["DOCKER_CERT_PATH"] || undefined
  const certificates = configured ??
    (env["DOCKER_TLS_VERIFY"] ? join(env["DOCKER_CONFIG"] || join(env["HOME"] ?? "/", ".docker")) : undefined)
  if (host.startsWith("unix://")) return fromUnix(host)
  if (host.startsWith("tcp://")) return fromTcp(host, certificates)
  return unusable(host, "only unix:// and tcp:// are spoken; forward the socket for ssh://")
}
