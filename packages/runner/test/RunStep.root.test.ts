/**
 * Steps run to their end, in a root.
 */
import { AbsolutePath } from "@chroot-exec/core/CString"
import * as CString from "@chroot-exec/core/CString"
import type { Launcher } from "@chroot-exec/runner/Launcher"
import * as LauncherThread from "@chroot-exec/runner/LauncherThread"
import { runStep, type RunStepOptions } from "@chroot-exec/runner/RunStep"
import { type StepEvent, stepEvents } from "@chroot-exec/runner/StepEvents"
import type { Libc } from "@chroot-exec/sys/Libc"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, layer } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isRunning } from "./support/Processes.js"
import { options, packageWith, step } from "./support/Steps.js"

const live = Layer.provideMerge(LauncherThread.layer, LibcLive.layer)

/** The result, and the bytes of both streams. */
const collected = <E = never>(root: string, more: Partial<RunStepOptions<E>> = {}, what = step()) =>
  Effect.gen(function*() {
    const [out, err]: [Array<Uint8Array>, Array<Uint8Array>] = [[], []]
    const into = (pieces: Array<Uint8Array>) => (bytes: Uint8Array) =>
      Effect.sync(() => {
        pieces.push(bytes)
      })
    const result = yield* runStep(what, options<E>(root, { stdout: into(out), stderr: into(err), ...more }))
    return { result, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
  })

layer(live, { excludeTestServices: true })("runStep", (it) => {
  const scoped = <A, E>(
    title: string,
    script: string,
    body: (root: string) => Effect.Effect<A, E, Launcher | Libc>
  ) => it.scoped(title, () => Effect.flatMap(packageWith(script), body))

  scoped(
    "runs the step in its directory, with its arguments and Skyhook's variables",
    [
      "echo \"$1|$2\"; pwd; echo $STEP_ROOT $SKYHOOK_DIR $A; echo problem >&2; exit 3"
    ].join("\n"),
    (root) =>
      Effect.gen(function*() {
        const what = step({ arguments: ["env:TOKEN", "x env:TOKEN"], env: { A: "a" }, returncodes: [0, 3] })
        const { err, out, result } = yield* collected(root, {}, what)
        expect(out).toBe("secret|x env:TOKEN\n/pkg\n/pkg/skyhook_dir /pkg a\n")
        expect(err).toBe("problem\n")
        expect(result).toMatchObject({
          status: { _tag: "Exited", code: 3 },
          accepted: true,
          timedOut: false,
          drained: true,
          survivors: 0,
          signal: Option.none(),
          stdout: { bytes: out.length, truncated: false },
          stderr: { bytes: 8, truncated: false },
          logs: Option.none()
        })
      })
  )

  scoped(
    "tells all variables that are missing, and starts nothing",
    "touch /ran",
    (root) =>
      Effect.gen(function*() {
        const what = step({ arguments: ["env:ONE", "env:TOKEN", "env:TWO", "env:ONE"] })
        const error = yield* Effect.flip(runStep(what, options(root)))
        expect(error).toMatchObject({ _tag: "MissingVariables", names: ["ONE", "TWO"] })
        expect(() => readFileSync(join(root, "ran"))).toThrow("ENOENT")
      })
  )

  scoped("writes logs", "echo one; printf two; echo bad >&2", (root) =>
    Effect.gen(function*() {
      const log = { directory: AbsolutePath.make(CString.make("/var/log")), package: "p", version: "1" }
      const { result } = yield* collected(root, { log })
      const logs = Option.getOrThrow(result.logs)
      expect(logs.stdout).toMatch(
        new RegExp(`^${root}/var/log/p/1/s\\.sh-\\d{4}-\\d\\d-\\d\\d-\\d{6}\\.log$`)
      )
      expect(logs.stderr).toBe(`${logs.stdout}.err`)
      const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}"
      expect(readFileSync(logs.stdout, "utf8")).toMatch(
        new RegExp(`^\\[out\\]${time} one\n\\[out\\]${time} two$`)
      )
      expect(readFileSync(logs.stderr, "utf8")).toMatch(new RegExp(`^\\[err\\]${time} bad\n$`))
    }))

  scoped(
    "gives it the input, also one that it does not read",
    "head -c 3; exit 0",
    (root) =>
      Effect.gen(function*() {
        const stdin = Stream.range(1, 100).pipe(Stream.map(() => new Uint8Array(65_536).fill(0x61)))
        const { out, result } = yield* collected(root, { stdin })
        expect([out, result.accepted]).toEqual(["aaa", true])
      })
  )

  scoped(
    "caps the output and says so",
    "i=0; while [ $i -lt 5000 ]; do echo 123456789; i=$((i+1)); done",
    (root) =>
      Effect.gen(function*() {
        const { out, result } = yield* collected(root, { maxBytes: 25 })
        expect(out).toBe("123456789\n123456789\n12345")
        expect(result).toMatchObject({ accepted: true, stdout: { bytes: 50_000, truncated: true } })
      })
  )

  scoped(
    "fails with a sink that fails, and ends the step",
    "echo $$; exec sleep 1000",
    (root) =>
      Effect.gen(function*() {
        let pid = 0
        const stdout = (bytes: Uint8Array) =>
          Effect.suspend(() => {
            pid = Number(Buffer.from(bytes).toString())
            return Effect.fail("sink" as const)
          })
        expect(yield* Effect.flip(runStep(step(), options<"sink">(root, { stdout, grace: "1 seconds" }))))
          .toBe("sink")
        expect(isRunning(pid)).toBe(false)
      })
  )

  scoped(
    "on a full disk tells so, after the step has ended as it wanted",
    [
      "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; exit 4"
    ].join("\n"),
    (root) =>
      Effect.scoped(Effect.gen(function*() {
        mkdirSync(join(root, "small"))
        yield* Effect.acquireRelease(
          Effect.sync(() =>
            execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "none", join(root, "small")])
          ),
          () => Effect.sync(() => execFileSync("umount", [join(root, "small")]))
        )
        const log = { directory: AbsolutePath.make(CString.make("/small")) }
        const error = yield* Effect.flip(runStep(step(), options(root, { log })))
        expect(error).toMatchObject({ _tag: "LogIncomplete", errno: "ENOSPC", status: { code: 4 } })
      }))
  )

  scoped(
    "interrupted, ends the step by SIGTERM first @node",
    "trap 'echo bye > /bye; exit' TERM; echo $$; while :; do sleep 0.05; done",
    (root) =>
      Effect.gen(function*() {
        const started = yield* Deferred.make<number>()
        const stdout = (bytes: Uint8Array) =>
          Effect.asVoid(Deferred.succeed(started, Number(Buffer.from(bytes).toString())))
        // Only the step itself can end it in that time.
        const fiber = yield* Effect.fork(runStep(step(), options(root, { stdout, grace: "1 hours" })))
        const pid = yield* Deferred.await(started)
        yield* Fiber.interrupt(fiber)
        expect(isRunning(pid)).toBe(false)
        expect(readFileSync(join(root, "bye"), "utf8")).toBe("bye\n")
      })
  )

  const onSignal = (policy: "finish-then-stop" | "forward" | "kill") =>
    Effect.gen(function*() {
      const root = yield* packageWith([
        "trap 'echo got; exit 5' TERM",
        "echo ready",
        "while [ ! -e /told ]; do sleep 0.05; done; echo finished"
      ].join("\n"))
      let said = ""
      const stdout = (bytes: Uint8Array) =>
        Effect.sync(() => {
          said += Buffer.from(bytes).toString()
          if (said !== "ready\n") return
          // Called after the listener of the step, which has been told by then.
          if (policy === "finish-then-stop") {
            process.once("SIGTERM", () => writeFileSync(join(root, "told"), ""))
          }
          process.kill(process.pid, "SIGTERM")
        })
      const result = yield* runStep(step(), options(root, { stdout, onSignal: policy }))
      expect(result.signal).toEqual(Option.some("SIGTERM"))
      expect(process.listenerCount("SIGTERM")).toBe(0)
      return [said, result.status._tag === "Exited" ? result.status.code : result.status.signal]
    })

  it.scoped("does with a signal to the process what is asked for @node", () =>
    Effect.gen(function*() {
      expect(yield* onSignal("forward")).toEqual(["ready\ngot\n", 5])
      expect(yield* onSignal("finish-then-stop")).toEqual(["ready\nfinished\n", 0])
      expect(yield* onSignal("kill")).toEqual(["ready\n", 9])
    }))

  scoped(
    "as events: that it runs, its lines, how it ended",
    "echo a; printf 'b\\377\\nc'; echo e >&2; exit 1",
    (root) =>
      Effect.gen(function*() {
        const events = yield* Stream.runCollect(stepEvents(step(), options(root)))
        const seen = Chunk.toReadonlyArray(events)
        const lines = (stream: "stderr" | "stdout") =>
          seen.flatMap((event: StepEvent) =>
            event._tag === "Line" && event.stream === stream ? [event.text] : []
          )
        expect(seen[0]?._tag).toBe("Started")
        expect(lines("stdout")).toEqual(["a", "b\udcff", "c"])
        expect(lines("stderr")).toEqual(["e"])
        expect(seen.at(-1)).toMatchObject({ _tag: "Ended", result: { status: { code: 1 }, accepted: false } })
      })
  )

  scoped(
    "as a stream that is given up, ends the step",
    "echo $$; while :; do echo more; done",
    (root) =>
      Effect.gen(function*() {
        const lines = stepEvents(step(), options(root, { grace: "100 millis" })).pipe(
          Stream.filterMap((event) => event._tag === "Line" ? Option.some(event.text) : Option.none())
        )
        const first = yield* Stream.runHead(lines)
        expect(isRunning(Number(Option.getOrThrow(first)))).toBe(false)
      })
  )
})
