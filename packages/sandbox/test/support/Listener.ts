/**
 * A server at a socket of its own.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import type { Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Duplex } from "node:stream"

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(join(tmpdir(), "server-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true }))
)

/** Lets the server listen for as long as the scope is open, and returns the path of its socket. */
export const listen = (server: Server) =>
  Effect.gen(function*() {
    const connections = new Set<Duplex>()
    server.on("connection", (socket: Duplex) => {
      connections.add(socket)
      socket.on("close", () => connections.delete(socket))
    })
    const path = join(yield* temporaryDirectory, "s")
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(path, () => resume(Effect.void))),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of connections) socket.destroy()
        })
    )
    return path
  })
