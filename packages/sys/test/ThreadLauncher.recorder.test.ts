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
import { programOf } from "./support/program.js"
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

const supervision = {
  descriptors: [10, 11, 12, 13, 14, 15].map((fd) => Fd.make(fd)),
  secret: new Uint8Array(16).fill(7)
}

const openFiles = Option.some({ soft: 1024n, hard: 4096n })

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
    capabilities: Option.none(),
    openFiles
  })),
  known,
  supervision
})

const inRoot = Root.Directory({ path: CString.make("/host") })
const known = { identity: undefined, environment: { PATH: "/bin", B: "root" } }

const serve = (request: LaunchProtocol.Request, fault?: LibcRecorder.Fault) =>
  Effect.gen(function*() {
    const recorder = LibcRecorder.make(world, fault)
    const reply = yield* Effect.provide(ThreadLauncher.serve(home, request), recorder.layer)
    const calls = recorder.calls.map((call) =>
      call.operation === "write" ? `write ${programOf(call).join("; ")}` : show(call)
    )
    return { reply, calls }
  })

const PROGRAM = [
  "secret 07070707070707070707070707070707",
  "first free 7",
  "become:",
  "setpgid 0 0",
  "prctl 1 9",
  "getppid: the maker",
  "rt_sigaction 13 default",
  "rt_sigaction 25 default",
  "rt_sigprocmask 2 0x0",
  "prlimit64 0 7 1024 4096",
  "chdir \"/work\"",
  "execve \"/step\" [\"/step\",\"argument\"] [\"PATH=/bin\",\"B=root\",\"A=package\"], else the next"
]

const SPAWN = "posixSpawn {\"path\":\"./supervise\",\"argv\":[\"chroot-exec-supervise\"],\"envp\":[]} "
  + "{\"descriptors\":[10,11,12,13,14,10,15],\"defaults\":\"0xfffffffffffbfeff\",\"blocked\":\"0x0\"}"

const launched = { _tag: "Launched", pid: 1000, files: ["/step"], identity: null }

const STEP = [
  "chroot \"/host\"",
  "chdir \"/\"",
  "statx \"/step\"",
  "statx \"/work\"",
  "chmod \"/step\" 493",
  "statx \"/bin/env\"",
  "faccessat \"/bin/env\"",
  "statx \"/usr/bin/env\"",
  "fchdir 8",
  "memfdCreate",
  `write ${PROGRAM.join("; ")}`,
  SPAWN,
  "close 10",
  "fchdir 7",
  "chroot \".\""
]

/** The number of the call that closes the program. */
const CLOSE = STEP.length - 2

describe("a step", () => {
  it.effect("is these calls, and back", () =>
    Effect.gen(function*() {
      const { calls, reply } = yield* serve(launchStep(inRoot, known))
      expect(calls).toEqual(STEP)
      expect(reply).toEqual({ result: Either.right(launched), home: Either.void })
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
        expect(reply.result).toEqual(Either.right({ _tag: "EnvironmentUnknown" }))
        expect(calls).toEqual([...STEP.slice(0, 8), ...STEP.slice(-2)])
      }
    }))

  it.effect("that fails at any call goes home all the same, and does nothing else", () =>
    Effect.gen(function*() {
      for (let nth = 1; nth <= STEP.length - 2; nth++) {
        // What a search passes over is no failure; EIO ends it.
        const { calls, reply } = yield* serve(launchStep(inRoot, known), { nth, errno: Errno.of("EIO") })
        expect(reply.home).toEqual(Either.void)
        // What was written down has been started by then.
        expect([nth, reply.result._tag]).toEqual([nth, nth === CLOSE ? "Right" : "Left"])
        const cleanUp = nth === CLOSE - 2 || nth === CLOSE - 1 ? STEP.slice(CLOSE - 1) : STEP.slice(-2)
        expect(calls).toEqual([...STEP.slice(0, nth), ...cleanUp])
      }
    }))

  it.effect("whose thread cannot go home is told so, with its process", () =>
    Effect.gen(function*() {
      for (const nth of [STEP.length - 1, STEP.length]) {
        const { reply } = yield* serve(launchStep(inRoot, known), { nth, errno: Errno.of("EPERM") })
        expect(reply.result).toEqual(Either.right(launched))
        expect(reply.home).toMatchObject({ left: { _tag: "SyscallError", errno: "EPERM" } })
      }
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
      openFiles: { soft: 1024n, hard: 4096n },
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
      "memfdCreate",
      "write",
      "posixSpawn",
      "close",
      "fchdir",
      "chroot"
    ])
    // The made-up file is empty, so no program.
    expect(reply.result).toEqual(
      Either.right({ _tag: "Launched", pid: 1000, files: ["/bin/env"], identity: null })
    )
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
