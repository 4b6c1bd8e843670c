/**
 * The calls that make log files, and what is left when one of them fails.
 */
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import * as LogFiles from "@chroot-exec/runner/LogFiles"
import { Fd } from "@chroot-exec/sys/Brands"
import { type LibcOperations, syscallError } from "@chroot-exec/sys/Libc"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const ROOT = 9

/** What is below the root, and which names `create` finds taken. */
interface Files {
  readonly directories: ReadonlyArray<string>
  readonly taken?: ReadonlyArray<string>
  readonly names?: ReadonlyArray<string>
}

/** A file system that has the directories that are made in it. */
const worldOf = ({ directories, names = [], taken = [] }: Files): LibcRecorder.World => {
  const present = new Set(["/", ...directories])
  const places = new Map<number, string>()
  let next = ROOT + 1
  const openat2: LibcOperations["openat2"] = (_, path, what) =>
    Effect.suspend(() => {
      if (what === "create" && taken.includes(path)) return syscallError("openat2", Errno.of("EEXIST"))
      if (what === "directory" && !present.has(path)) return syscallError("openat2", Errno.of("ENOENT"))
      const fd = Fd.make(next++)
      places.set(fd, path)
      return Effect.succeed(fd)
    })
  const mkdirat: LibcOperations["mkdirat"] = (directory, name) =>
    Effect.sync(() => {
      present.add(`${places.get(directory)}/${name}`.replace("//", "/"))
    })
  return {
    operations: {
      open: () => Effect.succeed(Fd.make(ROOT)),
      openat2,
      mkdirat,
      getdents: () => Effect.succeed(names.map(CString.make))
    }
  }
}

const open = (recorder: LibcRecorder.Recorder) =>
  Effect.scoped(LogFiles.open({
    root: "/host/",
    logDir: "/logs",
    package: Option.some("p"),
    version: Option.none(),
    path: "s",
    epochMillis: 0
  })).pipe(Effect.provide(recorder.layer))

const show = ({ args, operation }: LibcRecorder.Call) => [operation, ...args].join(" ")

const BASE = "s-1970-01-01-000000"

const present: Files = { directories: ["/logs", "/logs/p"] }
const absent: Files = { directories: [] }

describe("the calls are these, in this order", () => {
  it.effect("when the directory is there", () =>
    Effect.gen(function*() {
      const recorder = LibcRecorder.make(worldOf(present))
      const { stderr, stdout } = yield* open(recorder)
      expect([stdout, stderr]).toEqual([
        { fd: 11, path: `/host/logs/p/${BASE}.log` },
        { fd: 12, path: `/host/logs/p/${BASE}.log.err` }
      ])
      expect(recorder.calls.map(show)).toEqual([
        "open /host/ directory",
        "openat2 9 /logs/p directory",
        "getdents 10",
        `openat2 10 ${BASE}.log create`,
        `openat2 10 ${BASE}.log.err create`,
        "close 10",
        "close 9",
        "close 11",
        "close 12"
      ])
    }))

  it.effect("when nothing is there: each directory is looked up again from the root", () =>
    Effect.gen(function*() {
      const recorder = LibcRecorder.make(worldOf(absent))
      yield* open(recorder)
      expect(recorder.calls.map(show)).toEqual([
        "open /host/ directory",
        "openat2 9 /logs/p directory",
        "openat2 9 /logs directory",
        "openat2 9 / directory",
        "mkdirat 10 logs",
        "close 10",
        "openat2 9 /logs directory",
        "mkdirat 11 p",
        "close 11",
        "openat2 9 /logs/p directory",
        "getdents 12",
        `openat2 12 ${BASE}.log create`,
        `openat2 12 ${BASE}.log.err create`,
        "close 12",
        "close 9",
        "close 13",
        "close 14"
      ])
    }))

  it.effect("when a name is taken for one of the two: what was made of it goes", () =>
    Effect.gen(function*() {
      const recorder = LibcRecorder.make(worldOf({ ...present, taken: [`${BASE}.log.err`] }))
      yield* open(recorder)
      expect(recorder.calls.slice(3).map(show)).toEqual([
        `openat2 10 ${BASE}.log create`,
        `openat2 10 ${BASE}.log.err create`,
        "close 11",
        `unlinkat 10 ${BASE}.log`,
        `openat2 10 ${BASE}-1.log create`,
        `openat2 10 ${BASE}-1.log.err create`,
        "close 10",
        "close 9",
        "close 12",
        "close 13"
      ])
    }))

  it.effect("when there are old ones: four of a kind stay beside the new one", () =>
    Effect.gen(function*() {
      const names = [0, 1, 2, 3, 4, 5].map((second) => `s-1969-12-31-23595${second}.log`)
      const recorder = LibcRecorder.make(worldOf({ ...present, names }))
      yield* open(recorder)
      expect(recorder.calls.slice(3, 7).map(show)).toEqual([
        `openat2 10 ${BASE}.log create`,
        `openat2 10 ${BASE}.log.err create`,
        "unlinkat 10 s-1969-12-31-235951.log",
        "unlinkat 10 s-1969-12-31-235950.log"
      ])
    }))
})

/** The descriptors in the order in which they were closed, and those that were made and not closed. */
const descriptors = (calls: ReadonlyArray<LibcRecorder.Call>) => {
  const closed = calls.filter(({ operation }) => operation === "close").map(({ args: [fd] }) => Number(fd))
  const used = calls.flatMap(({ args: [fd], operation }) =>
    operation === "openat2" || operation === "mkdirat" || operation === "getdents" ? [Number(fd)] : []
  )
  return { closed, leftOpen: used.filter((fd) => !closed.includes(fd)) }
}

/** Calls whose failure does not matter: old files stay, and what was made is closed all the same. */
const harmless: ReadonlySet<string> = new Set(["getdents", "unlinkat", "close"])

const worlds: ReadonlyArray<readonly [string, Files]> = [
  ["a directory that is there", present],
  ["directories to be made", absent],
  ["old logs", { ...present, names: [0, 1, 2, 3, 4].map((second) => `s-1969-12-31-23595${second}.log`) }]
]

for (const [name, files] of worlds) {
  it.effect(`with ${name}, an errno at any call: LogFailed, and every descriptor is closed once`, () =>
    Effect.gen(function*() {
      const whole = LibcRecorder.make(worldOf(files))
      yield* open(whole)
      for (const [index, { operation }] of whole.calls.entries()) {
        const recorder = LibcRecorder.make(worldOf(files), { nth: index + 1, errno: Errno.of("EIO") })
        const result = yield* Effect.either(open(recorder))
        expect([operation, result]).toMatchObject([
          operation,
          harmless.has(operation)
            ? { _tag: "Right" }
            : { _tag: "Left", left: { _tag: "LogFailed", errno: "EIO", file: "/host/logs/p/s.log" } }
        ])
        const { closed, leftOpen } = descriptors(recorder.calls)
        expect(leftOpen).toEqual([])
        expect(new Set(closed).size).toBe(closed.length)
      }
    }))
}

it.effect("an errno for the second file of a pair: the first does not stay, and is closed", () =>
  Effect.gen(function*() {
    const recorder = LibcRecorder.make(worldOf(present), { nth: 5, errno: Errno.of("ENOSPC") })
    expect((yield* Effect.flip(open(recorder))).message).toBe(
      `cannot write log file "/host/logs/p/s.log": no space left on device; make room on its disk`
    )
    expect(recorder.calls.slice(5).map(show)).toEqual([
      "close 11",
      `unlinkat 10 ${BASE}.log`,
      "close 10",
      "close 9"
    ])
  }))

it.effect("a directory that somebody else makes meanwhile is used", () =>
  Effect.gen(function*() {
    const { operations = {} } = worldOf(absent)
    const recorder = LibcRecorder.make({
      operations: {
        ...operations,
        mkdirat: (directory, name) =>
          Effect.zipRight(
            operations.mkdirat?.(directory, name) ?? Effect.void,
            syscallError("mkdirat", Errno.of("EEXIST"))
          )
      }
    })
    expect((yield* open(recorder)).stdout.path).toBe(`/host/logs/p/${BASE}.log`)
  }))

it.effect("names that are all taken come to an error", () =>
  Effect.gen(function*() {
    const { operations = {} } = worldOf(present)
    const recorder = LibcRecorder.make({
      operations: {
        ...operations,
        openat2: (root, path, what) =>
          what === "create"
            ? syscallError("openat2", Errno.of("EEXIST"))
            : operations.openat2?.(root, path, what) ?? Effect.never
      }
    })
    expect(yield* Effect.flip(open(recorder))).toMatchObject({ _tag: "LogFailed", errno: "EEXIST" })
    expect(recorder.calls.filter(({ args }) => args[2] === "create")).toHaveLength(1000)
  }))

describe("without openat2", () => {
  it.each(
    [
      ["ENOSYS", "it takes Linux 5.6 or later, and openat2 in the seccomp filter"],
      ["EPERM", "check that its directory may be written to, and that the seccomp filter allows openat2"]
    ] as const
  )("%s says so, and nothing is made by other means", (errno, advice) => {
    const recorder = LibcRecorder.make(worldOf(absent), { nth: 2, errno: Errno.of(errno) })
    const error = Effect.runSync(Effect.flip(open(recorder)))
    expect(error.message).toContain(advice)
    expect(recorder.calls.map(show)).toEqual([
      "open /host/ directory",
      "openat2 9 /logs/p directory",
      "close 9"
    ])
  })
})

it.effect("a place that leads elsewhere is refused before any call, by its field", () =>
  Effect.gen(function*() {
    const recorder = LibcRecorder.make(worldOf(present))
    const error = yield* LogFiles.open({
      root: "/host",
      logDir: "/logs",
      package: Option.some("../p"),
      version: Option.none(),
      path: "s",
      epochMillis: 0
    }).pipe(Effect.scoped, Effect.flip, Effect.provide(recorder.layer))
    expect(error.message).toBe(
      `cannot write log file "/host/s": invalid argument; its package must be one name, without "/", and not "." or ".."`
    )
    expect(recorder.calls).toEqual([])
  }))
