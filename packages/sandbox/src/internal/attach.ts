/**
 * ContainerAttach: the connection of the call itself becomes the container's standard streams, both ways. That is no
 * request and response any more, so it goes to undici directly.
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import type { Duplex } from "node:stream"
import type { Attachment } from "../Engine.js"
import type { EngineFailure } from "../EngineError.js"
import type { Connection } from "./dispatcher.js"
import { refused, unexpected, unreachable } from "./http.js"

const OPERATION = "containerAttach"

/** An error of a socket that nobody reads would end the process; whoever reads or writes is told of it anyway. */
const ignoreErrors = (socket: Duplex): void => void socket.on("error", () => undefined)

/** The connection after the daemon has agreed to the change (101). Nothing is left of it when the signal is given. */
const hijack = (
  { dispatcher, origin }: Connection,
  path: string,
  signal: AbortSignal
): Effect.Effect<Duplex, EngineFailure> =>
  Effect.async((resume) => {
    let status = 0
    const body: Array<Uint8Array> = []
    /** At once, when it has been given already. */
    const onAbort = (end: () => void): void => {
      if (signal.aborted) end()
      else signal.addEventListener("abort", end)
    }
    dispatcher.dispatch({ origin, path, method: "POST", upgrade: "tcp", headersTimeout: 0, bodyTimeout: 0 }, {
      onRequestStart: (controller) => onAbort(() => controller.abort(new Error("given up"))),
      onRequestUpgrade: (_controller, _status, _headers, socket) => {
        ignoreErrors(socket)
        onAbort(() => socket.destroy())
        resume(Effect.succeed(socket))
      },
      onResponseStart: (_controller, code) => {
        status = code
      },
      onResponseData: (_controller, chunk) => {
        body.push(chunk)
      },
      onResponseEnd: () =>
        resume(Effect.fail(
          status < 400
            ? unexpected(OPERATION, status, "it does not hand the connection over")
            : refused(OPERATION, status, Buffer.concat(body).toString())
        )),
      onResponseError: (_controller, error) => resume(Effect.fail(unreachable(OPERATION, error)))
    })
  })

const write = (socket: Duplex, bytes: Uint8Array): Effect.Effect<void, EngineFailure> =>
  Effect.async((resume) => {
    socket.write(
      bytes,
      (error) => resume(error ? Effect.fail(unreachable(OPERATION, error)) : Effect.void)
    )
  })

export const attach = (connection: Connection, path: string) =>
  // Only this is acquired: a daemon that does not answer must not hold up an interruption.
  Effect.acquireRelease(
    Effect.sync(() => new AbortController()),
    (given) => Effect.sync(() => given.abort())
  ).pipe(
    Effect.flatMap(({ signal }) => hijack(connection, path, signal)),
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
