/**
 * The program of the launcher's thread: it leaves the root of the process and serves one request after the other.
 */
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import * as ThreadLauncher from "@chroot-exec/sys/ThreadLauncher"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { parentPort, workerData } from "node:worker_threads"
import type { Question, ThreadData } from "./threadProtocol.js"
import { Answer, LaunchedAnswer } from "./threadProtocol.js"

// The errors of this thread are answers. Nobody sees where they were made, and tracing that takes long.
Error.stackTraceLimit = 0

const encode = Schema.encodeSync(Answer)

const runtime = ManagedRuntime.make(LibcLive.layer)

const isThreadData = (data: unknown): data is ThreadData =>
  typeof data === "object" && data !== null && "supervisor" in data

if (parentPort !== null && isThreadData(workerData)) {
  const port = parentPort
  const { supervisor } = workerData
  const home = runtime.runSync(Effect.either(ThreadLauncher.leaveProcess(supervisor)))
  if (home._tag === "Left") port.postMessage(encode({ _tag: "Unusable", error: home.left }))
  else {
    port.on("message", ({ id, request }: Question) => {
      const reply = runtime.runSync(ThreadLauncher.serve(home.right, request))
      const { home: back, result } = reply
      port.postMessage(
        result._tag === "Right" && back._tag === "Right" && result.right._tag === "Launched"
          ? LaunchedAnswer.make({ id, launched: result.right })
          : encode({ _tag: "Served", id, reply })
      )
    })
    port.postMessage(encode({ _tag: "Ready" }))
  }
}
