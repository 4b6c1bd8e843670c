/**
 * A supervisor that is killed, by whom and when ever: its step does not outlive it.
 */
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync } from "node:fs"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { findProgram } from "../../../docker/machine-root.mjs"
import { LauncherFailed } from "../src/LauncherError.js"
import { childrenOf, parentOf } from "./support/Processes.js"
import { firstLine, readAll } from "./support/Roots.js"
import { argumentsFor, real, supervisedBy } from "./support/Supervised.js"

it.scoped("killed while its step runs, takes the step with it @race", () =>
  Effect.gen(function*() {
    const running = yield* supervisedBy(real, [
      real,
      ...argumentsFor("/bin/sh", "-c", "echo ready; exec cat")
    ])
    expect(yield* firstLine(running)).toBe("ready")
    process.kill(parentOf(running.pid), "SIGKILL")
    expect(yield* Effect.flip(running.ended)).toStrictEqual(
      new LauncherFailed({ what: "supervisor", errno: Option.none() })
    )
    // A step that is still there would read this and say it again.
    yield* running.write(new TextEncoder().encode("still here\n"))
    yield* running.closeInput
    expect(yield* readAll(running.stdout)).toBe("")
  }).pipe(Effect.provide(LibcLive.layer)))

/**
 * The supervisor below strace(1), which stops whoever has made this call for the first time. The supervisor ignores
 * SIGHUP, and so does its child, which the kernel would end by that: a stopped process whose group becomes an orphan
 * gets SIGHUP and SIGCONT.
 */
const stoppedAt = (call: string, step: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const proc = openSync("/proc", "r")
      const options = ["-f", "-q", "-e", `trace=${call}`, "-e", `inject=${call}:signal=SIGSTOP:when=1`]
      const strace = spawn("nohup", ["strace", ...options, real, ...step], {
        stdio: ["ignore", "pipe", "pipe", "pipe", proc]
      })
      closeSync(proc)
      const { pid = 0, stderr, stdout } = strace
      const none = Readable.from([])
      return { pid, stdout: stdout ?? none, stderr: stderr ?? none, ended: once(strace, "exit") }
    }),
    // It ends when those have ended that it traces.
    ({ ended, pid }) =>
      Effect.promise(() => {
        for (const child of childrenOf(pid)) process.kill(child, "SIGKILL")
        return ended
      })
  )

/** Every call that the child makes before it is the step. */
const calls = ["setpgid", "prctl", "getppid", "rt_sigprocmask", "prlimit64", "chdir", "execve"]

it.scopedLive.each(calls)(
  "killed when its child has come to %s: there is no step",
  (call) =>
    Effect.gen(function*() {
      // With a limit of open files, which is a call, too.
      const [descriptors = "", , ...rest] = argumentsFor(findProgram("echo") ?? "", "ran")
      const strace = yield* stoppedAt(call, [descriptors, "100", ...rest])
      const output = text(strace.stdout)
      const stops: Array<string> = []
      yield* Effect.promise(async () => {
        for await (const line of createInterface({ input: strace.stderr })) {
          // As long as there is only one process strace does not tell which.
          const stop = /^(?:\[pid +(\d+)\] )?--- stopped by SIGSTOP ---$/.exec(line)
          if (stop === null) continue
          const [supervisor = 0] = childrenOf(strace.pid)
          const isChild = stop[1] !== undefined && Number(stop[1]) !== supervisor
          stops.push(isChild ? "child" : "supervisor")
          // The supervisor itself makes some of the calls, too.
          process.kill(supervisor, isChild ? "SIGKILL" : "SIGCONT")
        }
      })
      expect(stops.filter((who) => who === "child")).toStrictEqual(["child"])
      expect(yield* Effect.promise(() => output)).toBe("")
    })
)
