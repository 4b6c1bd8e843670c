/**
 * A supervisor that is killed, by whom and when ever: its step does not outlive it.
 */
import type { FixedPlan } from "@chroot-exec/core/ExecPlan"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { findProgram } from "../../../docker/machine-root.mjs"
import { LauncherFailed } from "../src/LauncherError.js"
import { childrenOf, parentOf, tracedBy } from "./support/Processes.js"
import { firstLine, readAll } from "./support/Roots.js"
import { planFor, programFor, real, supervised } from "./support/Supervised.js"

const still = new TextEncoder().encode("still here\n")

it.scoped("killed while its step runs, takes the step with it @race", () =>
  Effect.gen(function*() {
    const running = yield* supervised("/bin/sh", "-c", "echo ready; exec cat")
    expect(yield* firstLine(running)).toBe("ready")
    process.kill(parentOf(parentOf(running.pid)), "SIGKILL")
    expect(yield* Effect.flip(running.ended)).toStrictEqual(
      new LauncherFailed({ what: "supervisor", errno: Option.none() })
    )
    // A step that is still there would read this and say it again.
    yield* running.write(still)
    yield* running.closeInput
    expect(yield* readAll(running.stdout)).toBe("")
  }).pipe(Effect.provide(LibcLive.layer)))

type Role = "parent" | "step" | "supervisor"

/** Which of the three processes it is, when it is one of them. */
const roleOf = (supervisor: number, pid: number): Role =>
  pid === supervisor ? "supervisor" : childrenOf(supervisor).includes(pid) ? "parent" : "step"

/**
 * A step below the supervisor below strace(1), which stops whoever of them makes this call for the first time. They
 * ignore SIGHUP: a stopped process whose group becomes an orphan gets SIGHUP and SIGCONT.
 */
const stoppedAt = (call: string, plan: FixedPlan) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = mkdtempSync(join(tmpdir(), "program-"))
      const file = join(directory, "program")
      writeFileSync(file, programFor(plan))
      const [proc, program] = [openSync("/proc", "r"), openSync(file, "r")]
      const options = ["-f", "-q", "-e", `trace=${call}`, "-e", `inject=${call}:signal=SIGSTOP:when=1`]
      const strace = spawn("nohup", ["strace", ...options, real], {
        stdio: ["ignore", "pipe", "pipe", "pipe", proc, program]
      })
      closeSync(proc)
      closeSync(program)
      rmSync(directory, { recursive: true })
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

/** Every call that the other two make before there is a step. */
const calls: ReadonlyArray<readonly [Role, string]> = [
  ...["prctl", "getppid", "getpid"].map((call) => ["parent", call] as const),
  ...[
    "getpid",
    "setpgid",
    "prctl",
    "getppid",
    "rt_sigaction",
    "rt_sigprocmask",
    "prlimit64",
    "chdir",
    "execve"
  ].map((call) => ["step", call] as const)
]

it.scopedLive.each(calls)(
  "killed when the %s's process has come to %s: there is no step",
  ([who, call]) =>
    Effect.gen(function*() {
      // With a limit of open files, which is a call, too.
      const plan = planFor([findProgram("echo") ?? "", "ran"], { soft: 100n, hard: 4096n })
      const strace = yield* stoppedAt(call, plan)
      const output = text(strace.stdout)
      const stops: Array<Role> = []
      let ended = 0
      yield* Effect.promise(async () => {
        for await (const line of createInterface({ input: strace.stderr })) {
          // As long as there is only one process strace does not tell which.
          if (line.endsWith("+++ killed by SIGKILL +++")) ended++
          // The supervisor and the parent are gone: whoever is left of them goes on.
          if (ended === 2) tracedBy(strace.pid).forEach((pid) => process.kill(pid, "SIGCONT"))
          const stop = /^(?:\[pid +(\d+)\] )?--- stopped by SIGSTOP ---$/.exec(line)
          if (stop === null) continue
          const [supervisor] = childrenOf(strace.pid)
          if (supervisor === undefined) continue
          const pid = Number(stop[1] ?? supervisor)
          const role = roleOf(supervisor, pid)
          stops.push(role)
          if (role === who) process.kill(supervisor, "SIGKILL")
          else process.kill(pid, "SIGCONT")
        }
      })
      expect(stops.filter((role) => role === who)).toStrictEqual([who])
      expect(yield* Effect.promise(() => output)).toBe("")
    })
)
