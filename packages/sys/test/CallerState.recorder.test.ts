/**
 * What the agent knows of its caller: from the launcher, or inferred.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as Signal from "@chroot-exec/core/Signal"
import { captureInherited } from "@chroot-exec/sys/CallerState"
import { syscallError } from "@chroot-exec/sys/Libc"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const launcher = Option.some({
  ignored: Signal.set("SIGHUP", "SIGUSR1"),
  blocked: Signal.set("SIGTERM"),
  openFiles: 77n,
  stdio: { open: [0, 2], nonBlocking: [2] }
})

/** As the kernel writes it; 99 is the recorder's parent, 4096 its own hard limit. */
const limits = (soft: string, hard: string) =>
  `Limit                     Soft Limit           Hard Limit           Units     \n`
  + `Max cpu time              unlimited            unlimited            seconds   \n`
  + `Max open files            ${soft.padEnd(20)} ${hard.padEnd(20)} files     \n`

const contents = {
  "/proc/self/environ": "A=1\0B=\xe9\0",
  "/proc/self/status": "Name:\tnode\nCapEff:\t0000000000040000\nSigIgn:\t0000000001001000\n",
  "/proc/99/status": "Name:\tsh\nSigIgn:\t0000000000384005\n",
  "/proc/99/limits": limits("256", "4096")
}

const capture = (
  world: LibcRecorder.World,
  record: typeof launcher | Option.Option<never> = Option.none()
) => {
  const recorder = LibcRecorder.make(world)
  return Effect.map(
    Effect.provide(captureInherited(record), recorder.layer),
    (inherited) => ({ inherited, calls: recorder.calls })
  )
}

describe("with the launcher's record", () => {
  it.effect("it is taken as it is, with the hard limit of the process, and the parent is not looked at", () =>
    Effect.gen(function*() {
      const { calls, inherited } = yield* capture({ contents }, launcher)
      expect(inherited).toEqual({
        environment: { A: "1", B: "\u00e9" },
        capabilities: Option.some(0x40000n),
        ignored: Signal.set("SIGHUP", "SIGUSR1"),
        blocked: Option.some(Signal.set("SIGTERM")),
        openFiles: Option.some({ soft: 77n, hard: 4096n }),
        stdio: { open: [0, 2], nonBlocking: [2] }
      })
      expect(calls.map(({ operation }) => operation)).not.toContain("getppid")
    }))
})

describe("without it", () => {
  it.effect("SIGHUP and the limit are the parent's", () =>
    Effect.gen(function*() {
      const { inherited } = yield* capture({ contents })
      expect(inherited).toMatchObject({
        ignored: Signal.set("SIGHUP"),
        blocked: Option.none(),
        openFiles: Option.some({ soft: 256n, hard: 4096n }),
        stdio: { open: [0, 1, 2], nonBlocking: [] }
      })
    }))

  it.effect("the limit of a parent with another hard limit says nothing", () =>
    Effect.gen(function*() {
      for (const [soft, hard] of [["256", "8192"], ["unlimited", "unlimited"]] as const) {
        const { inherited } = yield* capture({
          contents: { ...contents, "/proc/99/limits": limits(soft, hard) }
        })
        expect(inherited.openFiles).toEqual(Option.none())
      }
    }))

  it.effect("nothing is known of a parent that is hidden", () =>
    Effect.gen(function*() {
      const { inherited } = yield* capture({ contents: { "/proc/self/environ": "" } })
      expect(inherited).toMatchObject({ ignored: 0n, capabilities: Option.none(), openFiles: Option.none() })
    }))
})

describe("the environment", () => {
  it.effect("comes from the C library where there is no /proc", () =>
    Effect.gen(function*() {
      const environ = () => Effect.succeed(new TextEncoder().encode("C=3\0"))
      const { inherited } = yield* capture({ operations: { environ } })
      expect(inherited.environment).toEqual({ C: "3" })
    }))

  it.effect("must be known", () =>
    Effect.gen(function*() {
      const environ = () => Effect.fail(syscallError("environ", Errno.of("ENOSYS")))
      const error = yield* Effect.flip(capture({ operations: { environ } }))
      expect(error).toEqual(syscallError("environ", Errno.of("ENOSYS")))
    }))
})
