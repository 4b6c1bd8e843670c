/**
 * The connection that becomes a container's streams, to a made-up daemon: given up at any time, nothing is left of it.
 */
import { Agent, type Dispatcher } from "@effect/platform-node/Undici"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import type { Duplex } from "node:stream"
import { attach } from "../src/internal/attach.js"
import { listen } from "./support/Listener.js"
import { bytes } from "./support/record.js"

/** Something that happens outside of Effect, and with what. */
const event = <A = void>() => {
  const deferred = Deferred.unsafeMake<A>(FiberId.none)
  return {
    happens: (value: A) => Deferred.unsafeDone(deferred, Exit.succeed(value)),
    happened: Deferred.await(deferred)
  }
}

const AGREED = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
const KEPT = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
const REFUSED = "HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\n{\"message\":\"none\"}"

/** A daemon that answers the call so; the events are that it is asked, and that nothing more comes: nor can it be sent. */
const daemon = (answer: (socket: Duplex) => void) =>
  Effect.gen(function*() {
    const asked = event()
    const ended = event<"closed" | "half closed">()
    const server = createServer()
    server.on("upgrade", (_call, socket) => {
      socket.on("error", () => undefined).resume()
      socket.on("end", () => socket.write("x", (error) => ended.happens(error ? "closed" : "half closed")))
      asked.happens()
      answer(socket)
    })
    return { socketPath: yield* listen(server), asked: asked.happened, ended: ended.happened }
  })

const connectionTo = (
  socketPath: string,
  interceptor: Dispatcher.DispatcherComposeInterceptor = (dispatch) => dispatch
) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ connect: { socketPath } })),
      (agent) => Effect.promise(() => agent.destroy())
    ),
    (agent) => ({ dispatcher: agent.compose(interceptor), origin: "http://localhost" })
  )

const unreachable = { _tag: "EngineUnreachable", operation: "ContainerAttach" }
const answer = { _tag: "EngineError", operation: "ContainerAttach" }

describe("given up @node", () => {
  it.scopedLive("before it is asked for: the daemon does not hear of it", () =>
    Effect.gen(function*() {
      const { asked, socketPath } = yield* daemon(() => undefined)
      const held = event<() => void>()
      const failed = event()
      const connection = yield* connectionTo(socketPath, (dispatch) => (options, handler) => {
        const told: Dispatcher.DispatchHandler = {
          onRequestStart: (...args) => handler.onRequestStart?.(...args),
          onResponseError: () => failed.happens()
        }
        held.happens(() => dispatch(options, told))
        return true
      })
      const fiber = yield* Effect.fork(Effect.scoped(attach(connection, "/attach")))
      const goOn = yield* held.happened
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      goOn()
      const first = Effect.raceFirst(Effect.as(failed.happened, "failed"), Effect.as(asked, "asked"))
      expect(yield* first).toBe("failed")
    }))

  it.scopedLive("before it is answered: it is closed, and the answer not waited for", () =>
    Effect.gen(function*() {
      const { asked, ended, socketPath } = yield* daemon(() => undefined)
      const connection = yield* connectionTo(socketPath)
      const fiber = yield* Effect.fork(Effect.scoped(attach(connection, "/attach")))
      yield* asked
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect(yield* ended).toBe("closed")
    }))

  it.scopedLive("while the answer is on its way: it is closed", () =>
    Effect.gen(function*() {
      const { ended, socketPath } = yield* daemon((socket) => socket.write(AGREED))
      const answered = event<() => void>()
      const connection = yield* connectionTo(socketPath, (dispatch) => (options, handler) =>
        dispatch(options, {
          onRequestStart: (...args) => handler.onRequestStart?.(...args),
          onRequestUpgrade: (...args) => answered.happens(() => handler.onRequestUpgrade?.(...args))
        }))
      const fiber = yield* Effect.fork(Effect.scoped(attach(connection, "/attach")))
      const goOn = yield* answered.happened
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      goOn()
      expect(yield* ended).toBe("closed")
    }))

  it.scopedLive("after that: it is closed with the scope", () =>
    Effect.gen(function*() {
      const { ended, socketPath } = yield* daemon((socket) => socket.write(AGREED))
      const connection = yield* connectionTo(socketPath)
      yield* Effect.scoped(attach(connection, "/attach"))
      expect(yield* ended).toBe("closed")
    }))
})

describe("the daemon @node", () => {
  it.scopedLive("refuses: the error has its words", () =>
    Effect.gen(function*() {
      const { socketPath } = yield* daemon((socket) => socket.end(REFUSED))
      const error = yield* Effect.flip(attach(yield* connectionTo(socketPath), "/attach"))
      expect(error).toMatchObject({ ...answer, reason: "Refused", status: 404, detail: "none" })
    }))

  it.scopedLive("answers, and does not hand the connection over", () =>
    Effect.gen(function*() {
      const { socketPath } = yield* daemon((socket) => socket.end(KEPT))
      const error = yield* Effect.flip(attach(yield* connectionTo(socketPath), "/attach"))
      expect(error).toMatchObject({ ...answer, reason: "Unexpected", status: 200 })
      expect(error.message).toBe(
        "Docker gave an answer to ContainerAttach that makes no sense (200): it does not hand the connection over"
      )
    }))

  it.scopedLive("closes the connection instead of answering", () =>
    Effect.gen(function*() {
      const { socketPath } = yield* daemon((socket) => socket.destroy())
      const error = yield* Effect.flip(attach(yield* connectionTo(socketPath), "/attach"))
      expect(error).toMatchObject(unreachable)
    }))

  it.scopedLive("closes it later: the output ends, and no more can be written", () =>
    Effect.gen(function*() {
      const { socketPath } = yield* daemon((socket) => socket.end(`${AGREED}last`, () => socket.destroy()))
      const { output, write } = yield* attach(yield* connectionTo(socketPath), "/attach")
      expect(Buffer.concat([...(yield* Stream.runCollect(output))]).toString()).toBe("last")
      expect(yield* Effect.flip(write(bytes("x")))).toMatchObject(unreachable)
    }))
})
