/**
 * A Docker daemon that takes requests and answers none.
 */
import * as Effect from "effect/Effect"
import { once } from "node:events"
import { createServer, type Socket } from "node:net"

/** One on this socket; `asked` is over once it has got something. */
export const listen = (path: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<Socket>()
      const server = createServer()
      const asked = new Promise<void>((resolve) => {
        server.on("connection", (socket) => {
          sockets.add(socket)
          // Whoever asked may be gone at any time.
          socket.on("error", () => socket.destroy()).once("data", () => resolve())
        })
      })
      server.listen(path)
      await once(server, "listening")
      return { asked: Effect.promise(() => asked), server, sockets }
    }),
    ({ server, sockets }) =>
      Effect.promise(async () => {
        for (const socket of sockets) socket.destroy()
        const closed = once(server, "close")
        server.close()
        await closed
      })
  )
