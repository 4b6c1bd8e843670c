/**
 * Where the daemon is, by the environment.
 */
import { DockerHost, fromEnvironment } from "@chroot-exec/sandbox/DockerHost"
import { expect, it } from "@effect/vitest"
import * as Either from "effect/Either"

const tcp = (host: string, address: string, certificates?: string) =>
  DockerHost.Tcp({ host, address, certificates })

it.each([
  [{}, DockerHost.Unix({ host: "unix:///var/run/docker.sock", path: "/var/run/docker.sock" })],
  [{ DOCKER_HOST: "unix:///a b/s" }, DockerHost.Unix({ host: "unix:///a b/s", path: "/a b/s" })],
  [{ DOCKER_HOST: "tcp://h" }, tcp("tcp://h", "h:2375")],
  [{ DOCKER_HOST: "tcp://h:80/" }, tcp("tcp://h:80/", "h:80")],
  [{ DOCKER_HOST: "tcp://[::1]:9" }, tcp("tcp://[::1]:9", "[::1]:9")],
  [
    { DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "1", HOME: "/root" },
    tcp("tcp://h", "h:2376", "/root/.docker")
  ],
  [{ DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "1", DOCKER_CONFIG: "/c" }, tcp("tcp://h", "h:2376", "/c")],
  [{ DOCKER_HOST: "tcp://h:1", DOCKER_CERT_PATH: "/certs" }, tcp("tcp://h:1", "h:1", "/certs")]
])("%j", (env, host) => {
  expect(Either.getOrThrow(fromEnvironment(env))).toStrictEqual(host)
})

it.each([
  ["ssh://h", "only unix:// and tcp:// are spoken; forward the socket for ssh://"],
  ["/var/run/docker.sock", "only unix:// and tcp:// are spoken; forward the socket for ssh://"],
  ["unix://relative", "unix:// takes an absolute path"],
  ["tcp://", "tcp:// takes a host and a port"],
  ["tcp://h:x", "tcp:// takes a host and a port"],
  ["tcp://h/v1.41", "tcp:// takes a host and a port"]
])("%s is refused", (host, detail) => {
  const error = Either.getOrThrow(Either.flip(fromEnvironment({ DOCKER_HOST: host })))
  expect(error.message).toBe(`cannot use DOCKER_HOST ${JSON.stringify(host)}: ${detail}`)
})
