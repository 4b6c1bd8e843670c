/**
 * The calls that make log files, and what is left when one of them fails.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as LogFiles from "@chroot-exec/runner/LogFiles"
import { Fd } from "@chroot-exec/sys/Brands"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const world: LibcRecorder.World = {
  contents: {},
  status: { "/": LibcRecorder.directory, "/logs": LibcRecorder.directory, "/logs/p": LibcRecorder.directory },
  operations: { open: () => Effect.succeed(Fd.make(9)) }
}

const open = (recorder: LibcRecorder.Recorder) =>
  Effect.scoped(LogFiles.open({
    root: "/host",
    logDir: "/logs",
    package: Option.some("p"),
    version: Option.none(),
    path: "s",
    epochMillis: 0
  })).pipe(Effect.provide(recorder.layer))

const show = ({ args, operation }: LibcRecorder.Call) => [operation, ...args].join(" ")

it.effect("are these, in this order", () =>
  Effect.gen(function*() {
    const recorder = LibcRecorder.make(world)
    yield* open(recorder)
    expect(recorder.calls.map(show)).toEqual([
      "open /host directory",
      "openat2 9 /logs/p directory",
      "openat2 10 s-1970-01-01-000000.log create",
      "openat2 10 s-1970-01-01-000000.log.err create",
      "getdents 10",
      "close 10",
      "close 9",
      "close 11",
      "close 12"
    ])
  }))

/** The descriptors that calls made, less those that they closed. */
const leftOpen = (calls: ReadonlyArray<LibcRecorder.Call>, failedAt: number) => {
  let next = 10
  const made = calls.flatMap(({ operation }, index) => {
    if (index === failedAt) return []
    if (operation === "open") return [9]
    return operation === "openat2" ? [next++] : []
  })
  const closed = new Set(calls.filter(({ operation }) => operation === "close").map(({ args: [fd] }) => fd))
  return made.filter((fd) => !closed.has(fd))
}

it.effect("fail with the errno of any of them, and leave no descriptor open", () =>
  Effect.gen(function*() {
    for (let nth = 1; nth <= 5; nth++) {
      const recorder = LibcRecorder.make(world, { nth, errno: Errno.of("EIO") })
      const exit = yield* Effect.either(open(recorder))
      // Old files that cannot be listed stay; the new ones are there.
      if (nth === 5) expect(exit._tag).toBe("Right")
      else expect(exit).toMatchObject({ left: { _tag: "LogFailed", errno: "EIO" } })
      expect(leftOpen(recorder.calls, nth - 1)).toEqual([])
    }
  }))
