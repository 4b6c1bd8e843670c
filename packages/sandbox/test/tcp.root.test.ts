/**
 * A real daemon over tcp, in plain and with TLS: certificates of both sides are verified.
 */
import { EngineLive, runOnce } from "@chroot-exec/sandbox"
import { afterAll, beforeAll, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createServer as createTlsServer } from "node:tls"
import * as Dockerd from "./support/Dockerd.js"
import { bytes, outputOf } from "./support/record.js"

const openssl = (...args: ReadonlyArray<string>) => execFileSync("openssl", args, { stdio: "pipe" })

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]

/** A directory as `DOCKER_CERT_PATH` wants it, of an authority of its own; for a server at an address, too. */
const makeCertificates = (directory: string, address: string): string => {
  Fs.mkdirSync(directory)
  const path = (name: string) => join(directory, name)
  const ca = ["-keyout", path("ca-key.pem"), "-out", path("ca.pem"), "-subj", "/CN=authority"]
  openssl("req", "-x509", ...KEY, ...ca)
  const authority = ["-CA", path("ca.pem"), "-CAkey", path("ca-key.pem")]
  const one = ["-keyout", path("key.pem"), "-out", path("cert.pem"), "-subj", "/CN=one"]
  openssl("req", "-x509", ...KEY, ...authority, ...one, "-addext", `subjectAltName=IP:${address}`)
  return directory
}

const scope = Effect.runSync(Scope.make())
let daemon: Dockerd.Dockerd
type Name = "elsewhere" | "good" | "other"
let certificates: Readonly<Record<Name, string>>
beforeAll(async () => {
  daemon = await Dockerd.borrow()
  const directory = await Effect.runPromise(Scope.extend(
    Effect.acquireRelease(
      Effect.sync(() => Fs.mkdtempSync(join(tmpdir(), "tls-"))),
      (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true }))
    ),
    scope
  ))
  certificates = {
    good: makeCertificates(join(directory, "good"), "127.0.0.1"),
    other: makeCertificates(join(directory, "other"), "127.0.0.1"),
    elsewhere: makeCertificates(join(directory, "elsewhere"), "192.0.2.1")
  }
})
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

/** Passes connections on to the daemon's socket, for as long as the scope is open. Returns its port. */
const listen = (make: (onConnection: (socket: Socket) => void) => Server) =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: Server; readonly open: Set<Socket> }>((resume) => {
      const open = new Set<Socket>()
      const server = make((client) => {
        const onward = connect({ path: daemon.socket, allowHalfOpen: true })
        onward.on("error", () => client.destroy()).on("close", () => client.destroy())
        client.on("error", () => onward.destroy()).on("close", () => onward.destroy())
        client.pipe(onward)
        onward.pipe(client)
      })
      // Also one that never gets as far as TLS.
      server.on("connection", (socket: Socket) => {
        open.add(socket)
        socket.on("close", () => open.delete(socket))
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, open })))
    }),
    ({ open, server }) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of open) socket.destroy()
      })
  ).pipe(Effect.map(({ server }) => (server.address() as AddressInfo).port))

/** With the certificate in a directory, for clients that have one of its authority. */
const tls = (directory: string) => (onConnection: (socket: Socket) => void) => {
  const read = (name: string) => Fs.readFileSync(join(directory, name))
  return createTlsServer({
    ca: read("ca.pem"),
    cert: read("cert.pem"),
    key: read("key.pem"),
    requestCert: true,
    rejectUnauthorized: true,
    allowHalfOpen: true
  }, onConnection)
}

const run = (env: Readonly<Record<string, string>>) =>
  runOnce({
    image: "image",
    command: ["/bin/cat"],
    stdin: Stream.make(bytes("there and back")),
    limits: { network: "none", timeout: Duration.infinity }
  }).pipe(
    Effect.tap((result) => {
      expect(result.exitCode).toStrictEqual(Option.some(0))
      expect(outputOf(result).stdout).toBe("there and back")
    }),
    Effect.provide(EngineLive.layer(env))
  )

const nothingLeft = Effect.suspend(() => daemon.left).pipe(
  Effect.map((left) => expect(left).toStrictEqual({ containers: [], volumes: [] }))
)

it.scopedLive("in plain @node", () =>
  Effect.gen(function*() {
    const port = yield* listen((onConnection) => createServer({ allowHalfOpen: true }, onConnection))
    yield* run({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })
    yield* nothingLeft
  }), 120_000)

it.scopedLive("with TLS @node", () =>
  Effect.gen(function*() {
    const port = yield* listen(tls(certificates.good))
    yield* run({ DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_CERT_PATH: certificates.good })
    yield* nothingLeft
  }), 120_000)

it.scopedLive.each<readonly [string, Name, Name, RegExp]>([
  ["a server of another authority", "other", "good", /self-signed certificate|unable to verify/],
  ["a server with another one's address", "elsewhere", "elsewhere", /does not match certificate's altnames/]
])("%s is refused @node", ([, server, client, reason]) =>
  Effect.gen(function*() {
    const port = yield* listen(tls(certificates[server]))
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_CERT_PATH: certificates[client] }
    const error = yield* Effect.flip(run(env))
    expect(error).toMatchObject({ _tag: "EngineUnreachable", operation: "SystemPing" })
    expect(error.message).toMatch(reason)
  }))

it.scopedLive("a server does not get plain text from a client that has certificates @node", () =>
  Effect.gen(function*() {
    const port = yield* listen((onConnection) => createServer({ allowHalfOpen: true }, onConnection))
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_CERT_PATH: certificates.good }
    const error = yield* Effect.flip(run(env))
    expect(error).toMatchObject({ _tag: "EngineUnreachable", operation: "SystemPing" })
  }))
