/**
 * Something between the engine and its daemon where a call can go wrong.
 */
import * as Effect from "effect/Effect"
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import { connect } from "node:net"
import { type Duplex, pipeline } from "node:stream"
import { listen } from "./Listener.js"

/**
 * What becomes of a call:
 *
 * - `forward`: nothing happens to it;
 * - `refuse`: the daemon does not hear of it, and the answer is 500;
 * - `drop`: the daemon does not hear of it, and the connection is closed;
 * - `lose`: the daemon does it, and the connection is closed instead of its answer.
 */
export type Fate = "drop" | "forward" | "lose" | "refuse"

export interface Proxy {
  /** As `DOCKER_HOST` wants it. */
  readonly host: string
  /** Every call so far, as `decide` is asked. */
  readonly calls: ReadonlyArray<string>
  /** Closes all connections that have become the streams of a container. */
  readonly dropStreams: Effect.Effect<void>
}

/** `POST /containers/RUN/start`: without the version and the run's id, and of the query only whom it names. */
const nameOf = ({ method = "", url = "" }: IncomingMessage): string => {
  const [path = "", query] = url.replace(/^\/v[\d.]+/, "").replaceAll(/chroot-exec-[0-9a-f]{16}/g, "RUN")
    .split("?")
  const name = new URLSearchParams(query).get("name")
  return `${method} ${path}${name === null ? "" : ` ${name}`}`
}

const REFUSAL = JSON.stringify({ message: "made up" })

/** Sends the call on, and hands its answer over; it ends when the caller does not want it any more. */
const forward = (
  socketPath: string,
  call: IncomingMessage,
  response: ServerResponse,
  answered: (answer: IncomingMessage) => void
): void => {
  const { headers, method, url } = call
  const onward = request({ socketPath, method, path: url, headers }, answered)
  onward.on("error", () => call.socket.destroy())
  response.on("close", () => onward.destroy())
  // A caller that has gone away in the middle of it goes away there, too.
  pipeline(call, onward, () => undefined)
}

const answer = (socketPath: string, fate: Fate, call: IncomingMessage, response: ServerResponse): void => {
  switch (fate) {
    case "drop":
      return void call.socket.destroy()
    case "refuse":
      call.resume()
      return void response.writeHead(500, { "content-type": "application/json" }).end(REFUSAL)
    case "lose":
      return forward(
        socketPath,
        call,
        response,
        (answer) => answer.resume().on("close", () => call.socket.destroy())
      )
    case "forward":
      return forward(socketPath, call, response, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers)
        answer.pipe(response)
      })
  }
}

/** A call whose connection becomes the streams of a container. */
const upgrade = (socketPath: string, fate: Fate, call: IncomingMessage, client: Duplex): void => {
  client.on("error", () => undefined)
  if (fate === "drop") return void client.destroy()
  if (fate === "refuse") {
    return void client.end(`HTTP/1.1 500 Refused\r\ncontent-length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`)
  }
  const daemon = connect(socketPath)
  daemon.on("error", () => client.destroy())
  const fields = Object.entries(call.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`)
  daemon.write(`${call.method} ${call.url} HTTP/1.1\r\n${fields.join("")}\r\n`)
  if (fate === "lose") daemon.once("data", () => client.destroy())
  else pipeline(client, daemon, client, () => undefined)
  client.on("close", () => daemon.destroy())
}

/** A proxy before the daemon at a socket, whose calls have the fates that `decide` says, for as long as the scope is open. */
export const make = (socketPath: string, decide: (call: string) => Fate | Promise<Fate>) =>
  Effect.gen(function*() {
    const calls: Array<string> = []
    const streams = new Set<Duplex>()
    const fateOf = async (call: IncomingMessage): Promise<Fate> => {
      const name = nameOf(call)
      calls.push(name)
      return decide(name)
    }
    const server = createServer((call, response) => {
      void fateOf(call).then((fate) => answer(socketPath, fate, call, response))
    })
    server.on("upgrade", (call, client) => {
      streams.add(client)
      void fateOf(call).then((fate) => upgrade(socketPath, fate, call, client))
    })
    const path = yield* listen(server)
    const proxy: Proxy = {
      host: `unix://${path}`,
      calls,
      dropStreams: Effect.sync(() => streams.forEach((socket) => socket.destroy()))
    }
    return proxy
  })
