/**
 * Signals to the agent while something runs: what the caller ignored stays ignored, the rest is handed on or ends the
 * run, and a second one does not wait.
 *
 * What runs says a line once it is there, and ends when it is told so through a FIFO: nothing here waits for a time.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { agentWithoutLauncher } from "./support/Agent.js"
import { said, start, writeScript } from "./support/Call.js"
import * as Fifo from "./support/Fifo.js"
import * as Sandbox from "./support/Sandbox.js"
import * as SilentDaemon from "./support/SilentDaemon.js"

const SIGNALS = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const

type Ending = typeof SIGNALS[number]

const nameOf = (signal: Ending) => signal.slice("SIG".length)

/** A command that executes another with this signal ignored, as nohup(1) does for SIGHUP. */
const ignoring = (signal: Ending) => ["sh", "-c", `trap "" ${nameOf(signal)}; exec "$@"`, "sh"]

/** Ends by itself with 3, once it is told to. */
const WAITS = "echo ready; read x < {local}/go; exit 3"

type Run = (sandbox: Sandbox.Sandbox, script: string) => ReadonlyArray<string>

const runStep = (...options: ReadonlyArray<string>): Run => (sandbox, script) => {
  writeScript(sandbox, "{local}/skyhook_dir/step", script)
  return ["run-step", "--copy-dir", "{local}", ...options, "--", "step"]
}

const jailRun = (...options: ReadonlyArray<string>): Run => (_, script) => [
  "jail",
  "run",
  ...options,
  "--",
  "sh",
  "-c",
  script
]

/** A script that has said its first line below the agent; `go` ends its waiting. */
const running = (run: Run, script: string, pre: ReadonlyArray<string> = []) =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    const go = yield* Fifo.tell(`${sandbox.local}/go`)
    const child = yield* start(sandbox, run(sandbox, script), { pre })
    expect(yield* child.firstLine).toMatch(/^ready\n/)
    return { ...child, go, send: (signal: Ending) => process.kill(child.pid, signal) }
  })

/** One that nobody ignores: had the ignored one done anything, the end would be by that. */
const other = (signal: Ending): Ending => signal === "SIGTERM" ? "SIGINT" : "SIGTERM"

describe.each(SIGNALS)("%s that the caller ignored @node", (signal) => {
  it.scopedLive("is not handed on by run-step", () =>
    Effect.gen(function*() {
      const traps = `trap 'echo ignored' ${nameOf(signal)}; trap 'echo heard; exit 4' ${
        nameOf(other(signal))
      }`
      const { ended, send } = yield* running(runStep(), `${traps}; ${WAITS}`, ignoring(signal))
      send(signal)
      send(other(signal))
      expect(said(yield* ended))
        .toStrictEqual({ exit: 4, signal: null, stdout: "ready\nheard\n", stderr: "" })
    }))

  it.scopedLive("does nothing to jail run", () =>
    Effect.gen(function*() {
      const { ended, send } = yield* running(jailRun(), WAITS, ignoring(signal))
      send(signal)
      send(other(signal))
      expect(said(yield* ended))
        .toStrictEqual({ exit: null, signal: other(signal), stdout: "ready\n", stderr: "" })
    }))

  it.scopedLive.each<readonly [string, ReadonlyArray<string>]>([
    ["sandbox run", ["run", "--image", "image", "--", "cmd"]],
    ["sandbox sweep", ["sweep"]]
  ])("does nothing to %s", ([, argv]) =>
    Effect.gen(function*() {
      const sandbox = yield* Sandbox.scoped({ withRoot: false })
      const daemon = yield* SilentDaemon.listen(`${sandbox.tmp}/docker.sock`)
      const child = yield* start(sandbox, ["sandbox", ...argv], {
        env: { DOCKER_HOST: `unix://${sandbox.tmp}/docker.sock` },
        pre: ignoring(signal)
      })
      yield* daemon.asked
      process.kill(child.pid, signal)
      process.kill(child.pid, other(signal))
      expect(said(yield* child.ended))
        .toStrictEqual({ exit: null, signal: other(signal), stdout: "", stderr: "" })
    }))
})

it.scopedLive("without the launcher, SIGHUP that the parent ignores does nothing either @node", () =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    const go = yield* Fifo.tell(`${sandbox.local}/go`)
    // A shell that stays: it is the parent whose state counts.
    const child = yield* start(sandbox, jailRun()(sandbox, "echo $PPID; read x < {local}/go; exit 3"), {
      agent: agentWithoutLauncher,
      pre: ["sh", "-c", "trap '' HUP; \"$@\"; exit $?", "sh"]
    })
    process.kill(Number(yield* child.firstLine), "SIGHUP")
    go("on")
    expect((yield* child.ended).exit).toBe(3)
  }))

describe.each(SIGNALS)("%s @node", (signal) => {
  it.scopedLive("is handed on to a step, whose end counts", () =>
    Effect.gen(function*() {
      const script = `trap 'echo heard; exit 4' ${nameOf(signal)}; ${WAITS}`
      const { ended, send } = yield* running(runStep(), script)
      send(signal)
      expect(said(yield* ended))
        .toStrictEqual({ exit: 4, signal: null, stdout: "ready\nheard\n", stderr: "" })
    }))

  it.scopedLive("ends jail run, once the command has ended", () =>
    Effect.gen(function*() {
      const { ended, send } = yield* running(jailRun(), `trap 'echo asked; exit' TERM; ${WAITS}`)
      send(signal)
      expect(said(yield* ended)).toStrictEqual({ exit: null, signal, stdout: "ready\nasked\n", stderr: "" })
    }))
})

describe("a second one @node", () => {
  /** Goes on, whatever it is asked. */
  const stubborn = (said: string) => `trap '${said}' TERM; echo ready; while :; do read x < {local}/go; done`

  it.scopedLive("kills a step that may finish", () =>
    Effect.gen(function*() {
      const { ended, send } = yield* running(runStep("--on-signal", "finish-then-stop"), stubborn(":"))
      send("SIGHUP")
      send("SIGTERM")
      expect(said(yield* ended)).toStrictEqual({ exit: 137, signal: null, stdout: "ready\n", stderr: "" })
    }))

  it.scopedLive("kills a command in its grace", () =>
    Effect.gen(function*() {
      const run = jailRun("--grace", "1000d")
      const child = yield* running(run, stubborn("echo asked"))
      child.send("SIGINT")
      yield* child.until("asked\n")
      child.send("SIGTERM")
      expect(said(yield* child.ended))
        .toStrictEqual({ exit: null, signal: "SIGINT", stdout: "ready\nasked\n", stderr: "" })
    }))
})
