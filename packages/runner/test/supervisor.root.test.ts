/**
 * The supervisor itself: that it misses nobody, and what it does when the kernel fails it.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findProgram } from "../../../docker/machine-root.mjs"
import { NotStarted } from "../src/internal/supervise.js"
import { supervisorProgram } from "../src/internal/supervisorProgram.js"
import { isRunning } from "./support/Processes.js"
import { firstLine, readAll } from "./support/Roots.js"
import { possessions, supervisedBy } from "./support/Supervised.js"

const { directory, program } = supervisorProgram()
const real = join(directory, program)

/** What it is started with, for a program of the machine. */
const argumentsFor = (
  path: string,
  ...argv: ReadonlyArray<string>
) => ["5", "-", "/", "1", path, path, ...argv]

it.scoped("of more children than the kernel lists at once, none is missed when those before it have ended", () =>
  Effect.gen(function*() {
    // Reading returns once the 800 have ended: nobody else has the other end.
    const script = "pipe(R, W); for (1..800) { fork or exit }"
      + "for (1..3) { my $pid = fork; if (!$pid) { close(W); close(STDOUT); exec('sleep', '1000') } print \"$pid \" }"
      + "close(W); <R>"
    const perl = findProgram("perl") ?? ""
    const running = yield* supervisedBy(real, [real, ...argumentsFor(perl, "-e", script)])
    expect((yield* running.ended).status).toStrictEqual(new ExitStatus.Exited({ code: 0 }))
    const left = (yield* readAll(running.stdout)).trim().split(" ").map(Number)
    expect(left.map(isRunning)).toStrictEqual([true, true, true])
    yield* running.end
    expect(left.map(isRunning)).toStrictEqual([false, false, false])
    expect(yield* running.gone).toBe(3)
  }).pipe(Effect.provide(LibcLive.layer)))

it.scoped("a step whose orphans come and go all the time is ended as any other", () =>
  Effect.gen(function*() {
    // Each leaves one after the other to the supervisor, as fast as it can, once all are there.
    const script = "pipe(R, W); for (1..32) { fork or do { setpgrp; close(W); <R>;"
      + "for (;;) { fork or do { fork; exit }; wait } } } syswrite(STDOUT, \"up\\n\"); close(W); sleep(1000)"
    const perl = findProgram("perl") ?? ""
    const running = yield* supervisedBy(real, [real, ...argumentsFor(perl, "-e", script)])
    expect(yield* firstLine(running)).toBe("up")
    yield* running.signal("SIGKILL")
    expect((yield* running.ended).status).toStrictEqual(
      new ExitStatus.Signaled({ signal: 9, coreDumped: false })
    )
    yield* running.end
    expect(isRunning(running.pid)).toBe(false)
  }).pipe(Effect.provide(LibcLive.layer)))

/** What each call comes to that the kernel refuses the supervisor, whichever time. */
const refusals: ReadonlyArray<readonly [call: string, consequence: "nothing starts" | "ends" | "goes on"]> = [
  ["close_range", "goes on"],
  ["fcntl", "nothing starts"],
  ["chdir", "nothing starts"],
  ["setsid", "nothing starts"],
  ["prctl", "nothing starts"],
  ["rt_sigprocmask", "nothing starts"],
  ["signalfd4", "nothing starts"],
  ["openat", "nothing starts"],
  // The list of children is read again and again, of which only the first may fail.
  ["pread64:when=1", "nothing starts"],
  ["pipe2", "nothing starts"],
  ["clone", "nothing starts"],
  ["ppoll", "goes on"],
  ["read", "ends"],
  ["sendto", "ends"]
]

it.live.each(refusals)(
  "the supervisor, whose %s fails: %s, and nobody waits",
  ([call, consequence]) =>
    Effect.gen(function*() {
      const before = possessions()
      const temporary = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "strace-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const log = join(temporary, "log")
      const [name = "", when] = call.split(":")
      for (let nth = 1;; nth++) {
        const inject = `inject=${name}:error=ENOMEM:${when ?? `when=${nth}`}`
        const step = Effect.gen(function*() {
          const options = ["-qq", "-o", log, "-e", `trace=${name}`, "-e", inject]
          const running = yield* supervisedBy(
            findProgram("strace") ?? "",
            ["strace", ...options, real, ...argumentsFor("/bin/echo", "hi")]
          )
          const output = yield* readAll(running.stdout)
          const { status } = yield* running.ended
          return { output, status, left: yield* running.gone }
        })
        const exit = yield* Effect.exit(Effect.scoped(Effect.provide(step, LibcLive.layer)))
        expect([nth, possessions()]).toStrictEqual([nth, before])
        const wasMade = readFileSync(log, "utf8").includes("(INJECTED)")
        if (!wasMade || consequence === "goes on") {
          expect(exit).toStrictEqual(
            Exit.succeed({ output: "hi\n", status: new ExitStatus.Exited({ code: 0 }), left: 0 })
          )
        } else if (consequence === "nothing starts") {
          const notStarted = new NotStarted({ place: "supervisor", errno: Errno.of("ENOMEM") })
          expect(exit).toStrictEqual(Exit.fail(notStarted))
        } else expect(Exit.isSuccess(exit) || Cause.isFailType(exit.cause)).toBe(true)
        if (!wasMade || when !== undefined) return expect(nth > 1 || when !== undefined).toBe(true)
      }
    }).pipe(Effect.scoped)
)
