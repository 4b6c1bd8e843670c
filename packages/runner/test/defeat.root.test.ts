/**
 * What a step may do to those who watch it, as root: it gets nothing by it.
 */
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { findProgram } from "../../../docker/machine-root.mjs"
import { isRunning, parentOf } from "./support/Processes.js"
import { firstLine } from "./support/Roots.js"
import { supervised } from "./support/Supervised.js"

const perl = (script: string) => supervised(findProgram("perl") ?? "perl", "-e", `$| = 1; ${script}`)

const killed = new ExitStatus.Signaled({ signal: 9, coreDumped: false })

/** A process of a session of its own, which prints its pid. */
const daemon = "if (!fork) { POSIX::setsid(); print \"$$\\n\"; close STDOUT; sleep 1000 while 1 }"

describe("a step that kills its parent", () => {
  it.scoped("ends, and so does its daemon", () =>
    Effect.gen(function*() {
      const running = yield* perl(
        `use POSIX; ${daemon} <STDIN>; kill KILL => getppid; sleep 1000 while 1`
      )
      const left = Number(yield* firstLine(running))
      expect([running.pid, left].map(isRunning)).toStrictEqual([true, true])
      yield* running.write(new TextEncoder().encode("go\n"))
      expect((yield* running.ended).status).toStrictEqual(killed)
      yield* running.gone
      expect([running.pid, left].map(isRunning)).toStrictEqual([false, false])
    }).pipe(Effect.provide(LibcLive.layer)))
})

describe("a step that stops", () => {
  it.scoped("its parent gets signals as any other, and its end is known", () =>
    Effect.gen(function*() {
      const running = yield* perl(
        "$SIG{TERM} = sub { print \"told\\n\"; exit 3 }; kill STOP => getppid; print \"up\\n\"; sleep 1000 while 1"
      )
      expect(yield* firstLine(running)).toBe("up")
      yield* running.signal("SIGTERM")
      expect(yield* firstLine(running)).toBe("told")
      expect((yield* running.ended).status).toStrictEqual(new ExitStatus.Exited({ code: 3 }))
      expect(yield* running.gone).toBe(0)
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("the supervisor gets signals as any other, and is ended", () =>
    Effect.gen(function*() {
      const running = yield* perl(
        "$SIG{TERM} = sub { print \"told\\n\" }; print \"up\\n\"; sleep 1000 while 1"
      )
      expect(yield* firstLine(running)).toBe("up")
      const supervisor = parentOf(parentOf(running.pid))
      process.kill(supervisor, "SIGSTOP")
      yield* running.signal("SIGTERM")
      expect(yield* firstLine(running)).toBe("told")
      process.kill(supervisor, "SIGSTOP")
      yield* running.end
      expect((yield* running.ended).status).toStrictEqual(killed)
      expect(isRunning(supervisor)).toBe(false)
    }).pipe(Effect.provide(LibcLive.layer)))
})

it.scoped("a message of a step to the controller is none, and ends the step", () =>
  Effect.gen(function*() {
    // pidfd_open(2), pidfd_getfd(2): the supervisor's socket. A message that everything has ended follows.
    const running = yield* perl(
      "<STDIN>; open(F, '<', '/proc/' . getppid . '/stat'); my $supervisor = (split / /, <F>)[3];"
        + "my $pidfd = syscall(434, $supervisor + 0, 0); my $socket = syscall(438, $pidfd, 3, 0);"
        + "print \"$socket\\n\"; open(my $to, '>&=', $socket) or die;"
        + "syswrite($to, pack('x16 l l q q q q', 4, -1, 0, 0, 0, 0)); sleep 1000 while 1"
    )
    yield* running.write(new TextEncoder().encode("go\n"))
    expect(Number(yield* firstLine(running))).toBeGreaterThan(2)
    // It is not believed, and who says such things does not go on.
    expect((yield* Effect.flip(running.ended)).message).toContain("the supervisor of the step has failed")
    yield* running.gone
    expect(isRunning(running.pid)).toBe(false)
  }).pipe(Effect.provide(LibcLive.layer)))
