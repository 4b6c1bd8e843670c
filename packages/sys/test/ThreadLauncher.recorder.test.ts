/**
 * Serving a request on a thread with a root of its own: the calls, and the way home after each that fails.
 */
import { planStep } from "@chroot-exec/core/ChrootExec"
import { ControlFile } from "@chroot-exec/core/ControlFile"
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import { Root } from "@chroot-exec/core/Root"
import { Fd } from "@chroot-exec/sys/Brands"
import type * as LaunchProtocol from "@chroot-exec/sys/LaunchProtocol"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import * as ThreadLauncher from "@chroot-exec/sys/ThreadLauncher"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { show } from "./support/record.js"

const home: ThreadLauncher.Home = {
  root: Fd.make(7),
  supervisor: Fd.make(8),
  program: CString.make("./supervise")
}

const world: LibcRecorder.World = {
  status: {
    "/step": LibcRecorder.file(0o644),
    "/work": LibcRecorder.directory,
    "/bin/env": LibcRecorder.file(0o755)
  },
  operations: { open: () => Effect.succeed(Fd.make(40)) }
}

const container = { PATH: "/bin" }

const supervision = { descriptors: [10, 11, 12, 13, 14].map((fd) => Fd.make(fd)), openFiles: 1024n }

const launchStep = (root: Root, known?: LaunchProtocol.KnownEnvironment): LaunchProtocol.Request => ({
  _tag: "LaunchStep",
  plan: Either.getOrThrow(planStep({
    control: Schema.decodeUnknownSync(ControlFile)({
      cmd: ["/step", "argument"],
      no_chmod: false,
      env: { A: "package" },
      copy_dir: "/work"
    }),
    root,
    environment: container,
    capabilities: Option.none()
  })),
  directory: CString.make("/work"),
  known,
  supervision
})

const inRoot = Root.Directory({ path: CString.make("/host") })
const known = { identity: undefined, environment: { PATH: "/bin", B: "root" } }

const serve = (request: LaunchProtocol.Request, fault?: LibcRecorder.Fault) =>
  Effect.gen(function*() {
    const recorder = LibcRecorder.make(world, fault)
    const reply = yield* Effect.provide(ThreadLauncher.serve(home, request), recorder.layer)
    return { reply, calls: recorder.calls.map(show) }
  })

const SPAWN =
  "posixSpawn {\"path\":\"./supervise\",\"argv\":[\"chroot-exec-supervise\",\"5\",\"1024\",\"/work\",\"1\",\"/step\","
  + "\"/step\",\"argument\"],\"envp\":[\"PATH=/bin\",\"B=root\",\"A=package\"]} "
  + "{\"descriptors\":[10,11,12,13,14],\"defaults\":\"0xfffffffffffbfeff\",\"blocked\":\"0x0\"}"

const STEP = [
  "chroot \"/host\"",
  "chdir \"/\"",
  "statx \"/step\"",
  "statx \"/work\"",
  "chmod \"/step\" 493",
  "statx \"/bin/env\"",
  "faccessat \"/bin/env\"",
  "statx \"/usr/bin/env\"",
  "chdir \"/work\"",
  "fchdir 8",
  SPAWN,
  "fchdir 7",
  "chroot \".\""
]

describe("a step", () => {
  it.effect("is these calls, and back", () =>
    Effect.gen(function*() {
      const { calls, reply } = yield* serve(launchStep(inRoot, known))
      expect(calls).toEqual(STEP)
      expect(reply).toEqual({ result: Either.right({ pid: 1000, identity: null }), home: Either.void })
    }))

  it.effect("in the same root needs no privilege to return", () =>
    Effect.gen(function*() {
      const { calls } = yield* serve(launchStep(Root.Local(), known))
      expect(calls).toEqual(STEP.slice(2, -1))
    }))

  it.effect("is not started while the root's environment is not known, or is another file's", () =>
    Effect.gen(function*() {
      for (const not of [undefined, { identity: "another", environment: {} }]) {
        const { calls, reply } = yield* serve(launchStep(inRoot, not))
        expect(reply.result).toMatchObject({ left: { _tag: "NeedEnvironment" } })
        expect(calls).toEqual([...STEP.slice(0, 8), ...STEP.slice(-2)])
      }
    }))

  it.effect("that fails at any call goes home all the same, and does nothing else", () =>
    Effect.gen(function*() {
      for (let nth = 1; nth <= STEP.length - 2; nth++) {
        // What a search passes over is no failure; EIO ends it.
        const { calls, reply } = yield* serve(launchStep(inRoot, known), { nth, errno: Errno.of("EIO") })
        expect(reply.home).toEqual(Either.void)
        expect(reply.result._tag).toBe("Left")
        expect(calls).toEqual([...STEP.slice(0, nth), ...STEP.slice(-2)])
      }
    }))

  it.effect("whose thread cannot go home is told so, with its process", () =>
    Effect.gen(function*() {
      for (const nth of [STEP.length - 1, STEP.length]) {
        const { reply } = yield* serve(launchStep(inRoot, known), { nth, errno: Errno.of("EPERM") })
        expect(reply.result).toEqual(Either.right({ pid: 1000, identity: null }))
        expect(reply.home).toMatchObject({ left: { _tag: "SyscallError", errno: "EPERM" } })
      }
    }))

  it.effect("with arguments that are too large is the step's trouble", () =>
    Effect.gen(function*() {
      const { reply } = yield* serve(launchStep(inRoot, known), {
        operation: "posixSpawn",
        nth: 1,
        errno: Errno.of("E2BIG")
      })
      expect(reply.result).toMatchObject({
        left: { _tag: "CommandNotExecutable", command: "/step", errno: "E2BIG" }
      })
    }))
})

it.effect("env is run in the root, and what its output holds for is told unless it is a script", () =>
  Effect.gen(function*() {
    const request: LaunchProtocol.Request = {
      _tag: "LaunchEnv",
      root: inRoot,
      container,
      argv: [CString.make("env"), CString.make("-0")],
      environment: container,
      supervision
    }
    const { calls, reply } = yield* serve(request)
    expect(calls.map((call) => call.split(" ")[0])).toEqual([
      "chroot",
      "chdir",
      "statx",
      "faccessat",
      "statx",
      "open",
      "read",
      "close",
      "fchdir",
      "posixSpawn",
      "fchdir",
      "chroot"
    ])
    // The made-up file is empty, so no program.
    expect(reply.result).toEqual(Either.right({ pid: 1000, identity: null }))
  }))

it.effect("a thread leaves the process before it opens what it returns to", () =>
  Effect.gen(function*() {
    const recorder = LibcRecorder.make(world)
    const place = { directory: CString.make("/opt"), program: CString.make("supervise") }
    const made = yield* Effect.provide(ThreadLauncher.leaveProcess(place), recorder.layer)
    expect(recorder.calls.map(show)).toEqual([
      "unshareFs",
      "open \"/\" \"directory\"",
      "open \"/opt\" \"directory\""
    ])
    expect(made.program).toBe("./supervise")
  }))
