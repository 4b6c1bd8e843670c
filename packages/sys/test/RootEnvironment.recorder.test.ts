/**
 * Reading the root's variables through its `env`, whatever that is.
 */
import * as Errno from "@chroot-exec/core/Errno"
import { EnvironmentUnreadable, Terminated } from "@chroot-exec/core/ExecError"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as Signal from "@chroot-exec/core/Signal"
import { Fd, SignalNumber } from "@chroot-exec/sys/Brands"
import type { Program } from "@chroot-exec/sys/Libc"
import { readRootEnvironment } from "@chroot-exec/sys/RootEnvironment"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const executable = LibcRecorder.file(0o755)

const container = { PATH: "/opt:/bin", A: "container", MULTI: "1\nB=2" }

const read = (world: LibcRecorder.World, fault?: LibcRecorder.Fault) => {
  const recorder = LibcRecorder.make({ status: { "/bin/env": executable }, ...world }, fault)
  const options = { null: Fd.make(9), stopOn: Signal.set("SIGTERM") }
  const result = readRootEnvironment(container, options).pipe(Effect.either, Effect.provide(recorder.layer))
  return Effect.map(result, (either) => ({
    result: either._tag === "Right" ? either.right : either.left,
    spawned: recorder.calls.flatMap(({ args, operation }) => operation === "posixSpawn" ? [args] : []),
    calls: recorder.calls.map(({ operation }) => operation)
  }))
}

const unreadable = (reason: EnvironmentUnreadable["reason"], errno?: Errno.Errno) =>
  new EnvironmentUnreadable({ reason, errno: Option.fromNullable(errno) })

describe("an env that knows -0", () => {
  it.effect("is run once, with all that the container has, and its complaints dropped", () =>
    Effect.gen(function*() {
      const { result, spawned } = yield* read({ output: () => "A=root\0MULTI=1\nB=2\0" })
      expect(result).toEqual({ A: "root", MULTI: "1\nB=2" })
      expect(spawned).toEqual([[
        { path: "/bin/env", argv: ["env", "-0"], envp: ["PATH=/opt:/bin", "A=container", "MULTI=1\nB=2"] },
        { descriptors: [9, 11, 9], defaults: Signal.set("SIGPIPE", "SIGXFSZ") }
      ]])
    }))

  it.effect("counts whatever its exit status", () =>
    Effect.gen(function*() {
      for (const ended of [ExitStatus.fromWaitStatus(3 << 8), ExitStatus.fromWaitStatus(9)]) {
        const { result } = yield* read({ output: () => "A=root\0", ended })
        expect(result).toEqual({ A: "root" })
      }
    }))
})

describe("an env that does not know -0", () => {
  const output = ({ argv, envp }: Program) =>
    argv.length === 1 ? `${envp.join("\n")}\nC=root\nno variable\n` : ""

  it.effect("runs again, without the variables that its lines could not tell apart, and may complain", () =>
    Effect.gen(function*() {
      const { result, spawned } = yield* read({ output })
      expect(result).toEqual({ PATH: "/opt:/bin", A: "container", C: "root" })
      expect(spawned[1]).toEqual([
        { path: "/bin/env", argv: ["env"], envp: ["PATH=/opt:/bin", "A=container"] },
        { descriptors: [9, 13, 2], defaults: Signal.set("SIGPIPE", "SIGXFSZ") }
      ])
    }))
})

describe("finding env", () => {
  it.effect("the directories of the default PATH count where the container's PATH has none", () =>
    Effect.gen(function*() {
      const { spawned } = yield* read({ status: { "/usr/bin/env": executable }, output: () => "A=root\0" })
      expect(spawned.map(([program]) => program)).toMatchObject([{ path: "/usr/bin/env" }])
    }))

  it.effect("none is an error", () =>
    Effect.gen(function*() {
      const { result, spawned } = yield* read({ status: {} })
      expect(result).toEqual(unreadable("NotFound"))
      expect(spawned).toEqual([])
    }))

  it.effect("one that is not executable is an error that says so", () =>
    Effect.gen(function*() {
      const { result } = yield* read({ status: { "/bin/env": LibcRecorder.file(0o644) } })
      expect(result).toEqual(unreadable("NotExecutable", Errno.of("EACCES")))
    }))
})

describe("failures", () => {
  it.effect("an env that cannot be started", () =>
    Effect.gen(function*() {
      const { result } = yield* read({}, { operation: "posixSpawn", nth: 1, errno: Errno.of("ENOEXEC") })
      expect(result).toEqual(unreadable("NotExecutable", Errno.of("ENOEXEC")))
    }))

  it.effect("an env that prints without end is killed and reaped", () =>
    Effect.gen(function*() {
      const { calls, result } = yield* read({
        operations: { read: (_, length) => Effect.succeed(new Uint8Array(length)) }
      })
      expect(result).toEqual(unreadable("TooLarge"))
      // 8 MiB in pieces of 64 KiB, and the one that is too much.
      expect(calls.filter((operation) => operation === "read")).toHaveLength(129)
      expect(calls.slice(-2)).toEqual(["kill", "close"])
      expect(calls.filter((operation) => operation === "wait4")).toHaveLength(1)
    }))

  it.effect("a signal to the agent kills env, and is what the agent then dies by", () =>
    Effect.gen(function*() {
      const SIGTERM = SignalNumber.make(15)
      const { calls, result } = yield* read({
        operations: {
          // env hangs; the signal comes while it does.
          poll: () => Effect.never,
          sigwait: () => Effect.yieldNow().pipe(Effect.repeatN(20), Effect.as(SIGTERM))
        }
      })
      expect(result).toEqual(new Terminated({ signal: 15 }))
      expect(calls.slice(-2)).toEqual(["kill", "close"])
      expect(calls.filter((operation) => operation === "wait4")).toHaveLength(1)
    }))
})
