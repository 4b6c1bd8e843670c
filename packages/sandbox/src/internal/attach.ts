/**
 * ContainerAttach: the connection of the call itself becomes the container's standard streams, both ways. That is no
 * request and response any more, so it goes to undici directly.
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import type { Duplex } from "node:stream"
import type { Attachment } from "../Engine.js"
import type { EngineError } from "../SandboxError.js"
import type { Connection } from "./dispatcher.js"
import { refused, unreachable } from "./http.js"

const OPERATION = "containerAttach"

/** The connection after the daemon has agreed to the change (101). */
const hijack = ({ dispatcher, origin }: Connection, path: string): Effect.Effect<Duplex, EngineError> =>
  Effect.async((resume, signal) => {
    let status = 0
    const body: Array<Uint8Array> = []
    dispatcher.dispatch({ origin, path, method: "POST", upgrade: "tcp", headersTimeout: 0, bodyTimeout: 0 }, {
      onRequestStart: (controller) => {
        signal.addEventListener("abort", () => controller.abort(new Error("interrupted")))
      },
      onRequestUpgrade: (_controller, _status, _headers, socket) => {
        if (signal.aborted) socket.destroy()
        else resume(Effect.succeed(socket))
      },
      onResponseStart: (_controller, code) => {
        status = code
      },
      onResponseData: (_controller, chunk) => {
        body.push(chunk)
      },
      onResponseEnd: () => resume(Effect.fail(refused(OPERATION, status, Buffer.concat(body).toString()))),
      onResponseError: (_controller, error) => resume(Effect.fail(unreachable(OPERATION, error)))
    })
  })

const write = (socket: Duplex, bytes: Uint8Array): Effect.Effect<void, EngineError> =>
  Effect.async((resume) => {
    socket.write(
      bytes,
      (error) => resume(error ? Effect.fail(unreachable(OPERATION, error)) : Effect.void)
    )
  })

/** An error of a socket that nobody reads would end the process; whoever reads or writes is told of it anyway. */
const ignoreErrors = (socket: Duplex): Duplex => socket.on("error", () => undefined)

export const attach = (connection: Connection, path: string) =>
  Effect.acquireRelease(
    Effect.map(hijack(connection, path), ignoreErrors),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(
    Effect.map((socket): Attachment => ({
      output: NodeStream.fromReadable(() => socket, (error) => unreachable(OPERATION, error), {
        // Its other half may still be written to.
        closeOnDone: false
      }),
      write: (bytes) => write(socket, bytes),
      endInput: Effect.sync(() => {
        socket.end()
      })
    }))
  )
