/**
 * The launcher's thread, as the process sees it.
 */
import type { Launched, Reply, Request } from "@chroot-exec/sys/LaunchProtocol"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import type { LauncherFailed } from "../LauncherError.js"
import { failed } from "./failed.js"
import { supervisorProgram } from "./supervisorProgram.js"
import { Answer, LaunchedAnswer, type Question, type ThreadData } from "./threadProtocol.js"

/** Serves requests, one after the other. A thread that has died or cannot return home is replaced by another. */
export interface Thread {
  readonly ask: (request: Request) => Effect.Effect<Reply, LauncherFailed>
}

/** Beside the agent's bundle; else compiled beside this file, also where this one is run from its source by tests. */
const program = (): string =>
  import.meta.url.startsWith("file:")
    ? fileURLToPath(new URL("worker.js", import.meta.url.replace("/src/", "/dist/")))
    : join(dirname(import.meta.url), "thread.cjs")

/** Nothing of the process's own settings: a loader or an inspector there has no business here. */
const startWorker = (): Worker => {
  const workerData: ThreadData = { supervisor: supervisorProgram() }
  return new Worker(program(), { workerData, execArgv: [], env: {} })
}

type Waiting = (reply: Effect.Effect<Reply, LauncherFailed>) => void

const isLaunched = Schema.is(LaunchedAnswer)
const decode = Schema.decodeUnknownSync(Answer)

const succeeded = (launched: Launched): Reply => ({ result: Either.right(launched), home: Either.void })

/** One thread, from its start to its end. */
class Running {
  /** The thread is `dead` when it must get no more questions. */
  dead = false
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #next = 0

  constructor(worker: Worker, ready: (result: Effect.Effect<void, LauncherFailed>) => void) {
    this.#worker = worker
    // An idle thread keeps no process alive; a question does.
    worker.unref()
    worker.on("message", (message: unknown) => {
      if (isLaunched(message)) return this.#answer(message.id, succeeded(message.launched))
      const answer = decode(message)
      if (answer._tag === "Ready") ready(Effect.void)
      else if (answer._tag === "Unusable") ready(failed("thread", answer.error))
      else this.#answer(answer.id, answer.reply)
    })
    const die = () => {
      this.dead = true
      ready(failed("thread"))
      for (const waiting of this.#waiting.values()) waiting(failed("thread"))
      this.#waiting.clear()
    }
    worker.on("error", die)
    worker.on("exit", die)
  }

  #answer(id: number, reply: Reply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#worker.unref()
    waiting?.(Effect.succeed(reply))
  }

  ask(request: Request): Effect.Effect<Reply, LauncherFailed> {
    return Effect.async((resume) => {
      if (this.dead) return resume(failed("thread"))
      const id = this.#next++
      this.#waiting.set(id, resume)
      this.#worker.ref()
      const question: Question = { id, request }
      this.#worker.postMessage(question)
    })
  }

  /** Nothing that it is asked is served any more. */
  readonly stop: Effect.Effect<void> = Effect.promise(() => {
    this.dead = true
    return this.#worker.terminate()
  })
}

const start = Effect.async<Running, LauncherFailed>((resume) => {
  const running = new Running(startWorker(), (result) => resume(Effect.as(result, running)))
})

/**
 * The thread. libuv's pool inherits the root of the thread that first needs it, so it is used here before there is
 * another root.
 */
export const makeThread: Effect.Effect<Thread, LauncherFailed, Scope.Scope> = Effect.gen(function*() {
  yield* Effect.ignore(Effect.tryPromise(() => stat("/")))
  let running = yield* start
  yield* Effect.addFinalizer(() => running.stop)
  const starting = yield* Effect.makeSemaphore(1)
  const alive = starting.withPermits(1)(Effect.gen(function*() {
    if (running.dead) running = yield* start
    return running
  }))
  return {
    ask: (request) =>
      Effect.gen(function*() {
        const thread = yield* alive
        const reply = yield* thread.ask(request)
        if (reply.home._tag === "Left") yield* thread.stop
        return reply
      })
  }
})
