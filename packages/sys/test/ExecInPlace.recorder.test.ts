/**
 * The exact calls of each kind of request, in their order.
 */
import * as Errno from "@chroot-exec/core/Errno"
import {
  ChmodFailed,
  CommandNotExecutable,
  CommandNotFound,
  DirectoryUnusable,
  Terminated
} from "@chroot-exec/core/ExecError"
import * as Signal from "@chroot-exec/core/Signal"
import { syscallError } from "@chroot-exec/sys/Libc"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { planFor } from "./support/plans.js"
import { carryOut, show, world } from "./support/record.js"

const descriptors = [
  "closeRange 3",
  "setCloseOnExec 0 false",
  "getStatusFlags 0",
  "setCloseOnExec 1 false",
  "getStatusFlags 1",
  "setCloseOnExec 2 false",
  "getStatusFlags 2",
  "open \"/dev/null\" \"readWrite\""
]

/** The caller of `support/plans.ts` ignores SIGHUP. */
const ignore = "signal 1 \"ignore\""

const enterRoot = ["chroot \"/host\"", "chdir \"/\""]

/** Running `env -0` with 10 for /dev/null, and 11 and 12 for the pipe. 0x1001000 is SIGPIPE and SIGXFSZ. */
const env = [
  // INT, QUIT and TERM, not HUP, which the caller ignores.
  "sigwait \"0x4006\"",
  "statx \"/bin/env\"",
  "faccessat \"/bin/env\"",
  "statx \"/usr/bin/env\"",
  "pipe2",
  "setStatusFlags 11 2048",
  "posixSpawn {\"path\":\"/bin/env\",\"argv\":[\"env\",\"-0\"],\"envp\":[\"PATH=/bin:/usr/bin\",\"A=container\"]} "
  + "{\"descriptors\":[10,12,10],\"defaults\":\"0x1001000\"}",
  "close 12",
  "wait4 1000",
  "poll 11",
  "read 11 65536",
  "read 11 65536",
  "read 11 65536",
  "close 11"
]

const restore = [
  "signal 1 \"ignore\"",
  "signal 13 \"default\"",
  "signal 25 \"default\"",
  "sigprocmask \"0x800\"",
  "setrlimit {\"soft\":\"0x100\",\"hard\":\"0x1000\"}"
]

const execve = (path: string, ...argv: ReadonlyArray<string>) =>
  `execve ${JSON.stringify({ path, argv, envp: ["PATH=/bin:/usr/bin", "A=root", "B=package"] })}`

const kinds = [
  {
    kind: "a path in a root",
    plan: planFor(),
    calls: [
      ignore,
      ...descriptors,
      ...enterRoot,
      "statx \"/step\"",
      "statx \"/work\"",
      "chmod \"/step\" 493",
      ...env,
      "chdir \"/work\"",
      ...restore,
      execve("/step", "/step")
    ]
  },
  {
    kind: "a bare name with arguments, whose file is executable already",
    plan: planFor({ cmd: ["tool", "-x", ""] }),
    calls: [
      ignore,
      ...descriptors,
      ...enterRoot,
      "statx \"/work\"",
      ...env,
      "statx \"/bin/tool\"",
      "faccessat \"/bin/tool\"",
      "statx \"/usr/bin/tool\"",
      "chdir \"/work\"",
      ...restore,
      execve("/bin/tool", "tool", "-x", "")
    ]
  },
  {
    kind: "local, no_chmod",
    plan: planFor({ no_chmod: true }, { root: "local" }),
    calls: [
      ignore,
      ...descriptors,
      "statx \"/step\"",
      "statx \"/work\"",
      ...env,
      "chdir \"/work\"",
      ...restore,
      execve("/step", "/step")
    ]
  },
  {
    kind: "a step that dies with its parent, and a launcher that waits for it",
    plan: planFor({}, { parent: 99, report: 5 }),
    calls: [
      ignore,
      ...descriptors,
      ...enterRoot,
      "statx \"/step\"",
      "statx \"/work\"",
      "chmod \"/step\" 493",
      ...env,
      "chdir \"/work\"",
      "setParentDeathSignal 9",
      "checkParent 99",
      ...restore,
      "write 5 {\"_tag\":\"Executing\"}",
      execve("/step", "/step")
    ]
  },
  {
    kind: "a caller of whom nothing is known but that it ignores nothing",
    plan: planFor({}, { inherited: { ignored: 0n, blocked: Option.none(), openFiles: Option.none() } }),
    calls: [
      ...descriptors,
      ...enterRoot,
      "statx \"/step\"",
      "statx \"/work\"",
      "chmod \"/step\" 493",
      ...env.map((call) => call === "sigwait \"0x4006\"" ? "sigwait \"0x4007\"" : call),
      "chdir \"/work\"",
      "signal 13 \"default\"",
      "signal 25 \"default\"",
      execve("/step", "/step")
    ]
  }
]

describe("execInPlace makes exactly these calls", () => {
  for (const { calls, kind, plan } of kinds) {
    it.effect(kind, () =>
      Effect.gen(function*() {
        const recording = yield* carryOut(plan)
        expect(recording.outcome).toEqual({ became: "the step" })
        expect(recording.calls.map(show)).toEqual(calls)
      }))
  }
})

it.effect("a parent that has ended meanwhile is a death by SIGKILL, and nothing more is done", () =>
  Effect.gen(function*() {
    const { calls, outcome } = yield* carryOut(planFor({}, { parent: 98, report: 5 }))
    expect(outcome).toEqual({ error: new Terminated({ signal: Signal.toNumber("SIGKILL") }) })
    expect(calls.slice(-2).map(show)).toEqual(["setParentDeathSignal 9", "checkParent 98"])
  }))

describe("standard descriptors", () => {
  it.effect("a closed one is closed for the step, and O_NONBLOCK is as the caller had it", () =>
    Effect.gen(function*() {
      const O_NONBLOCK = 0o4000
      const O_APPEND = 0o2000
      const stdio = { open: [1, 2], nonBlocking: [2] }
      const { calls } = yield* carryOut(planFor({}, { inherited: { stdio } }), {
        world: {
          operations: { getStatusFlags: (fd) => Effect.succeed(fd === 1 ? O_NONBLOCK | O_APPEND : 0) }
        }
      })
      expect(calls.slice(2, 10).map(show)).toEqual([
        "setCloseOnExec 0 true",
        "getStatusFlags 0",
        "setCloseOnExec 1 false",
        "getStatusFlags 1",
        `setStatusFlags 1 ${O_APPEND}`,
        "setCloseOnExec 2 false",
        "getStatusFlags 2",
        `setStatusFlags 2 ${O_NONBLOCK}`
      ])
    }))
})

describe("signals", () => {
  it.effect("SIGPIPE stays ignored for a caller that ignores it", () =>
    Effect.gen(function*() {
      const ignored = Signal.set("SIGPIPE")
      const { calls } = yield* carryOut(planFor({}, { inherited: { ignored } }))
      expect(calls.filter(({ operation }) => operation === "signal").map(show)).toEqual([
        "signal 13 \"ignore\"",
        "signal 25 \"default\""
      ])
    }))
})

describe("execute bits", () => {
  const modes: ReadonlyArray<readonly [mode: number, wanted: number | undefined]> = [
    [0o644, 0o755],
    [0o600, 0o711],
    [0o4644, 0o4755],
    [0o1000, 0o1111],
    [0o110, 0o111],
    [0o711, undefined],
    [0o6755, undefined]
  ]
  for (const [mode, wanted] of modes) {
    it.effect(`${mode.toString(8)} becomes ${wanted?.toString(8) ?? "nothing else, without a call"}`, () =>
      Effect.gen(function*() {
        const { calls } = yield* carryOut(planFor(), {
          world: { status: { ...world.status, "/step": LibcRecorder.file(mode) } }
        })
        expect(calls.filter(({ operation }) => operation === "chmod").map(show)).toEqual(
          wanted === undefined ? [] : [`chmod "/step" ${wanted}`]
        )
      }))
  }

  it.effect("no_chmod=true skips the chmod call", () =>
    Effect.gen(function*() {
      const { calls } = yield* carryOut(planFor({ no_chmod: true }))
      expect(calls.filter(({ operation }) => operation === "chmod")).toEqual([])
    }))

  for (const type of ["directory", "other"] as const) {
    it.effect(`never on ${type === "directory" ? "a directory" : "a device or the like"}`, () =>
      Effect.gen(function*() {
        const status = { ...LibcRecorder.file(0o644), type }
        const recording = yield* carryOut(planFor(), {
          world: { status: { ...world.status, "/step": status } }
        })
        expect(recording.outcome).toEqual({
          error: new CommandNotExecutable({
            command: "/step",
            errno: Errno.of(type === "directory" ? "EISDIR" : "EACCES")
          })
        })
        expect(recording.calls.at(-1)).toEqual({ operation: "statx", args: ["/step"] })
      }))
  }
})

describe("what is missing is found before anything is changed", () => {
  it.effect("the command", () =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* carryOut(planFor({ cmd: ["/none"] }))
      expect(outcome).toEqual({ error: new CommandNotFound({ command: "/none", reason: "NoFile" }) })
      expect(calls.at(-1)).toEqual({ operation: "statx", args: ["/none"] })
    }))

  it.effect("copy_dir", () =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* carryOut(planFor({ copy_dir: "/none" }))
      expect(outcome).toEqual({
        error: new DirectoryUnusable({ role: "copy_dir", path: "/none", errno: Errno.of("ENOENT") })
      })
      expect(calls.at(-1)).toEqual({ operation: "statx", args: ["/none"] })
    }))

  it.effect("a directory at copy_dir", () =>
    Effect.gen(function*() {
      const { outcome } = yield* carryOut(planFor({ copy_dir: "/bin/tool" }))
      expect(outcome).toEqual({
        error: new DirectoryUnusable({ role: "copy_dir", path: "/bin/tool", errno: Errno.of("ENOTDIR") })
      })
    }))
})

describe("the files of a bare name", () => {
  const status = { ...world.status, "/usr/bin/tool": LibcRecorder.file(0o755) }
  const refuse = (errno: "ENOEXEC" | "E2BIG") =>
    carryOut(planFor({ cmd: ["tool"] }), {
      world: { status, operations: { execve: () => Effect.fail(syscallError("execve", Errno.of(errno))) } }
    })

  it.effect("one that the kernel does not execute is passed over, and named when all are", () =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* refuse("ENOEXEC")
      expect(calls.slice(-2).map(show)).toEqual([
        execve("/bin/tool", "tool"),
        execve("/usr/bin/tool", "tool")
      ])
      expect(outcome).toEqual({
        error: new CommandNotExecutable({ command: "tool", errno: Errno.of("ENOEXEC") })
      })
    }))

  it.effect("arguments that are too long are so for every file", () =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* refuse("E2BIG")
      expect(calls.filter(({ operation }) => operation === "execve")).toHaveLength(1)
      expect(outcome).toEqual({
        error: new CommandNotExecutable({ command: "tool", errno: Errno.of("E2BIG") })
      })
    }))

  it.effect("only the first one gets execute bits", () =>
    Effect.gen(function*() {
      const { calls } = yield* carryOut(planFor({ cmd: ["tool"] }), {
        world: {
          status: {
            ...status,
            "/bin/tool": LibcRecorder.file(0o700),
            "/usr/bin/tool": LibcRecorder.file(0o700)
          }
        },
        fault: { operation: "chmod", nth: 1, errno: Errno.of("EROFS") }
      })
      expect(calls.filter(({ operation }) => operation === "chmod").map(show)).toEqual([
        "chmod \"/bin/tool\" 457"
      ])
    }))
})

it.effect("a command that cannot be made executable is named with its path", () =>
  Effect.gen(function*() {
    const { outcome } = yield* carryOut(planFor({ cmd: ["bin/step"] }), {
      world: { status: { ...world.status, "/work/bin/step": LibcRecorder.file(0o644) } },
      fault: { operation: "chmod", nth: 1, errno: Errno.of("EROFS") }
    })
    expect(outcome).toEqual({ error: new ChmodFailed({ path: "/work/bin/step", errno: Errno.of("EROFS") }) })
  }))
