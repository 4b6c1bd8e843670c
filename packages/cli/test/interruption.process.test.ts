/**
 * Signals that reach the agent before the step has started, while the root's `env` runs and does not end.
 *
 * The `env` here tells its pid through a FIFO, so that nobody has to guess when it is running.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { containerEnv } from "./support/Agent.js"
import { said, start, writeControl, writeScript } from "./support/Call.js"
import * as Fifo from "./support/Fifo.js"
import * as Sandbox from "./support/Sandbox.js"

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** An agent whose `env` has done what `first` says, told its pid, and now does what `rest` says; `go` is a line for it. */
const hanging = (rest: string, pre: ReadonlyArray<string> = [], first = ":") =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    const { local } = sandbox
    const ready = yield* Fifo.listen(`${local}/ready`)
    const go = yield* Fifo.tell(`${local}/go`)
    writeScript(sandbox, "{local}/env", `${first}; echo $$ > {local}/ready; ${rest}`)
    writeControl(sandbox, { cmd: ["/bin/grep", "^SigIgn", "/proc/self/status"] })
    const child = yield* start(sandbox, ["chroot-exec", "{control}", "local"], {
      env: { PATH: `${local}:${containerEnv["PATH"]}` },
      pre
    })
    return { child, env: Number(yield* ready.line), go }
  })

describe.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const)("%s @node", (signal) => {
  it.scopedLive("kills env, and the agent dies by it @race", () =>
    Effect.gen(function*() {
      const { child, env } = yield* hanging("exec sleep 1000")
      expect(isAlive(env)).toBe(true)
      process.kill(child.pid, signal)
      expect(said(yield* child.ended)).toStrictEqual({ exit: null, signal, stdout: "", stderr: "" })
      expect(isAlive(env)).toBe(false)
    }))

  it.scopedLive("kills an env that ignores it @race", () =>
    Effect.gen(function*() {
      const { child, env } = yield* hanging("exec sleep 1000", [], "trap '' TERM INT HUP QUIT")
      process.kill(child.pid, signal)
      expect(said(yield* child.ended)).toStrictEqual({ exit: null, signal, stdout: "", stderr: "" })
      expect(isAlive(env)).toBe(false)
    }))

  it.scopedLive("does nothing when the caller ignored it", () =>
    Effect.gen(function*() {
      const name = signal.slice("SIG".length)
      const { child, go } = yield* hanging("read x < {local}/go; printf 'A=1\\0'", [
        // By its path: the step's env is first on PATH.
        "/usr/bin/env",
        `--ignore-signal=${name}`
      ])
      process.kill(child.pid, signal)
      go("on")
      const number = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 }[signal]
      expect(said(yield* child.ended)).toStrictEqual({
        exit: 0,
        signal: null,
        stdout: `SigIgn:\t${(1 << (number - 1)).toString(16).padStart(16, "0")}\n`,
        stderr: ""
      })
    }))
})
