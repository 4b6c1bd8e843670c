/**
 * The supervisor itself: that it misses nobody, and what it does when the kernel fails it.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findProgram } from "../../../docker/machine-root.mjs"
import { NotStarted } from "../src/internal/supervise.js"
import { LauncherFailed } from "../src/LauncherError.js"
import { isRunning } from "./support/Processes.js"
import { firstLine, readAll } from "./support/Roots.js"
import { planFor, possessions, real, supervised, supervisedBy } from "./support/Supervised.js"

it.scoped("of more children than the kernel lists at once, none is missed when those before it have ended", () =>
  Effect.gen(function*() {
    // Reading returns once the 800 have ended: nobody else has the other end.
    const script = "pipe(R, W); for (1..800) { fork or exit }"
      + "for (1..3) { my $pid = fork; if (!$pid) { close(W); close(STDOUT); exec('sleep', '1000') } print \"$pid \" }"
      + "close(W); <R>"
    const perl = findProgram("perl") ?? ""
    const running = yield* supervised(perl, "-e", script)
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
    const running = yield* supervised(perl, "-e", script)
    expect(yield* firstLine(running)).toBe("up")
    yield* running.signal("SIGKILL")
    expect((yield* running.ended).status).toStrictEqual(
      new ExitStatus.Signaled({ signal: 9, coreDumped: false })
    )
    yield* running.end
    expect(isRunning(running.pid)).toBe(false)
  }).pipe(Effect.provide(LibcLive.layer)))

it.scoped("a step that has moved to another group gets signals as any other, and is ended", () =>
  Effect.gen(function*() {
    // Into the supervisor's group: its own has nobody in it then.
    const script =
      "$| = 1; $SIG{TERM} = sub { print \"told\\n\" }; setpgrp(0, getppid); print \"moved\\n\"; sleep while 1"
    const perl = findProgram("perl") ?? ""
    const running = yield* supervised(perl, "-e", script)
    expect(yield* firstLine(running)).toBe("moved")
    yield* running.signal("SIGTERM")
    expect(yield* firstLine(running)).toBe("told")
    yield* running.end
    expect((yield* running.ended).status).toStrictEqual(
      new ExitStatus.Signaled({ signal: 9, coreDumped: false })
    )
  }).pipe(Effect.provide(LibcLive.layer)))

type Consequence = "nothing starts" | "nothing is known" | "no end is known" | "goes on"

/** What each call comes to that the kernel refuses the supervisor, whichever time unless one is given. */
const refusals: ReadonlyArray<readonly [call: string, consequence: Consequence]> = [
  // It cannot even tell.
  ["lseek", "nothing is known"],
  ["mmap", "nothing is known"],
  ["close_range", "goes on"],
  ["fcntl", "nothing starts"],
  ["chdir", "nothing starts"],
  ["setsid", "nothing starts"],
  ["prctl", "nothing starts"],
  ["rt_sigprocmask", "nothing starts"],
  ["signalfd4", "nothing starts"],
  // Without a list of its children it finds them by their numbers.
  ["openat", "goes on"],
  // Only the first reading may fail.
  ["pread64:when=1", "goes on"],
  ["wait4", "goes on"],
  ["pipe2", "nothing starts"],
  ["clone", "nothing starts"],
  ["ppoll", "goes on"],
  ["read", "goes on"],
  // That the step has started, that it has ended, and that nothing is left.
  ["sendto:when=1", "nothing is known"],
  ["sendto:when=2", "no end is known"],
  ["sendto:when=3", "goes on"]
]

const lost = Exit.fail(new LauncherFailed({ what: "supervisor", errno: Option.none() }))
const ended = { status: new ExitStatus.Exited({ code: 0 }), left: 0, output: "hi\n" }

const outcomes = {
  "nothing starts": Exit.fail(new NotStarted({ why: Option.none(), errno: Errno.of("ENOMEM") })),
  "nothing is known": lost,
  "no end is known": Exit.succeed({ ...ended, status: lost }),
  "goes on": Exit.succeed({ ...ended, status: Exit.succeed(ended.status) })
}

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
          const strace = findProgram("strace") ?? ""
          const running = yield* supervisedBy(
            planFor(["/bin/echo", "hi"]),
            () => [strace, ...options, real]
          )
          const output = yield* readAll(running.stdout)
          const status = yield* Effect.exit(Effect.map(running.ended, ({ status }) => status))
          return { status, left: yield* running.gone, output }
        })
        const exit = yield* Effect.exit(Effect.scoped(Effect.provide(step, LibcLive.layer)))
        expect([nth, possessions()]).toStrictEqual([nth, before])
        const wasMade = readFileSync(log, "utf8").includes("(INJECTED)")
        expect([nth, exit]).toStrictEqual([nth, outcomes[wasMade ? consequence : "goes on"]])
        if (when !== undefined) return expect(wasMade).toBe(true)
        if (!wasMade) return expect(nth).toBeGreaterThan(1)
      }
    }).pipe(Effect.scoped)
)
