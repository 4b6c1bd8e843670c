/**
 * A run against a made-up daemon: the exact calls, in their order, and what comes of them.
 */
import { runOnce, runStream } from "@chroot-exec/sandbox"
import type { JobInput } from "@chroot-exec/sandbox"
import type { Piece } from "@chroot-exec/sandbox/Demultiplexer"
import type { CreateRequest } from "@chroot-exec/sandbox/Engine"
import { RUN_LABEL } from "@chroot-exec/sandbox/Owner"
import { InputUnreadable } from "@chroot-exec/sandbox/SandboxError"
import * as EngineRecorder from "@chroot-exec/sandbox/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { bytes, outputOf, said, show } from "./support/record.js"
import { listing, tarOf } from "./support/tar.js"

const broken = new InputUnreadable({ source: "standard input", detail: "EIO" })

const job = { image: "image", command: ["make", "test"] } satisfies JobInput

const run = (fields: Partial<JobInput>, world: EngineRecorder.World = {}) => {
  const recorder = EngineRecorder.make(world)
  return Effect.map(
    Effect.either(Effect.provide(runOnce({ ...job, ...fields }), recorder.layer)),
    (outcome) => ({ outcome, recorder, calls: show(recorder.calls) })
  )
}

const begin = ["containerList chroot-exec.owner", "volumeList chroot-exec.owner", "imageInspect image"]

const command = [
  "containerCreate RUN",
  "containerAttach RUN false",
  "containerStart RUN",
  "containerWait RUN",
  "containerLogs RUN",
  "containerInspect RUN"
]

describe("the calls", () => {
  it.effect("of the least", () =>
    Effect.gen(function*() {
      const { calls, outcome, recorder } = yield* run({}, { exitCode: 3, output: [said("stdout", "hi")] })
      expect(calls).toStrictEqual([...begin, ...command, "containerDelete RUN"])
      expect(recorder.left()).toStrictEqual([])
      expect(outcome._tag === "Right" && outcome.right).toStrictEqual({
        exitCode: Option.some(3),
        timedOut: false,
        oomKilled: false,
        output: { log: new Uint8Array(Buffer.from("hi")), boundaries: new Uint32Array(), truncated: false },
        artifacts: { files: new Map(), missing: [] },
        usage: { duration: Duration.millis(1500), cpu: Option.none(), peakMemory: Option.none() }
      })
    }))

  it.effect("with input and artifacts", () =>
    Effect.gen(function*() {
      const archive = yield* Effect.promise(() => tarOf([{ name: "a", content: "x" }]))
      const { calls, outcome, recorder } = yield* run({
        inputTar: Stream.make(archive),
        collect: ["/workspace/out/r", "/tmp/none", "/tmp/dir", "/tmp/l/x"]
      }, {
        paths: {
          "/workspace/out": "directory",
          "/workspace/out/r": bytes("report"),
          "/tmp/dir": "directory",
          "/tmp/l": "link",
          "/tmp/l/x": bytes("secret")
        }
      })
      expect(calls).toStrictEqual([
        ...begin,
        "volumeCreate RUN-0",
        "volumeCreate RUN-1",
        "containerCreate RUN-filler",
        "putContainerArchive RUN-filler /",
        "containerDelete RUN-filler",
        ...command,
        "containerArchiveInfo RUN /workspace/out",
        "containerArchiveInfo RUN /workspace/out/r",
        "containerArchive RUN /workspace/out/r",
        "containerArchiveInfo RUN /tmp/none",
        "containerArchiveInfo RUN /tmp/dir",
        "containerArchiveInfo RUN /tmp/l",
        "containerDelete RUN",
        "volumeDelete RUN-1",
        "volumeDelete RUN-0"
      ])
      expect(recorder.left()).toStrictEqual([])
      expect(yield* Effect.promise(() => listing(recorder.archives[0] ?? new Uint8Array()))).toStrictEqual([
        "directory 1777 65532:65532 tmp",
        "directory 1777 65532:65532 workspace",
        "directory 755 65532:65532 tmp/l",
        "directory 755 65532:65532 workspace/out",
        "file 644 65532:65532 workspace/a \"x\""
      ])
      expect(outcome._tag === "Right" && outcome.right.artifacts).toStrictEqual({
        files: new Map([["/workspace/out/r", bytes("report")]]),
        missing: [
          { path: "/tmp/none", reason: "Missing" },
          { path: "/tmp/dir", reason: "NotAFile" },
          { path: "/tmp/l/x", reason: "BehindLink" }
        ]
      })
    }))

  it.effect("a pull when the image is not there, with its progress", () =>
    Effect.gen(function*() {
      const recorder = EngineRecorder.make({
        images: [],
        pull: [
          { status: "Pulling from library/busybox" },
          { id: "a", status: "Downloading", progressDetail: { current: 10, total: 100 } },
          { id: "b", status: "Downloading", progressDetail: { current: 50, total: 100 } },
          { id: "a", status: "Download complete" },
          { id: "a", status: "Extracting", progressDetail: { current: 1, total: 100 } }
        ]
      })
      const events = yield* Stream.runCollect(Stream.provideLayer(runStream(job), recorder.layer))
      const pulling = { _tag: "Pulling", image: "image", total: 200 }
      expect([...events].slice(0, -1)).toStrictEqual([
        { ...pulling, current: 10, total: 100 },
        { ...pulling, current: 60 },
        { ...pulling, current: 150 }
      ])
      expect(show(recorder.calls)[3]).toBe("imageCreate image:latest false")
    }))

  it.effect("nothing is done for a job that is refused", () =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* run({ limits: { network: "host" } })
      expect(calls).toStrictEqual([])
      expect(outcome._tag === "Left" && outcome.left._tag).toBe("JobInvalid")
    }))
})

describe("the request", () => {
  it.effect("has the command as it is, the job's labels, and no check of the image", () =>
    Effect.gen(function*() {
      const { recorder } = yield* run({
        env: { A: "1", B: "x=y" },
        labels: { team: "t", [RUN_LABEL]: "forged" },
        workingDirectory: "/srv",
        stdin: Stream.empty,
        limits: { network: "none" }
      })
      const [name, request] = recorder.calls.find(({ operation }) => operation === "containerCreate")?.args ??
        []
      expect(request).toMatchObject({
        AttachStderr: true,
        AttachStdin: true,
        AttachStdout: true,
        Cmd: [],
        Entrypoint: ["make", "test"],
        Env: ["A=1", "B=x=y"],
        Healthcheck: { Test: ["NONE"] },
        Image: "image",
        Labels: { team: "t", [RUN_LABEL]: String(name).replace("chroot-exec-", "") },
        OpenStdin: true,
        StdinOnce: true,
        Tty: false,
        User: "65532:65532",
        WorkingDir: "/srv",
        HostConfig: { NetworkMode: "none", ReadonlyRootfs: true }
      })
    }))

  it.effect("has a tmpfs where the image declares a volume", () =>
    Effect.gen(function*() {
      const { recorder } = yield* run({ collect: ["/data/x"] }, {
        imageVolumes: ["/data", "/cache/", "/tmp"]
      })
      const requests = recorder.calls.filter(({ operation }) => operation === "containerCreate")
      expect(
        requests.map(({ args: [, request] }) => Object.keys((request as CreateRequest).HostConfig.Tmpfs))
      )
        .toStrictEqual([["/workspace", "/tmp", "/cache"], ["/workspace", "/tmp", "/cache"]])
    }))

  it.effect("works where the input is", () =>
    Effect.gen(function*() {
      const archive = yield* Effect.promise(() => tarOf([]))
      const { recorder } = yield* run({ inputTar: Stream.make(archive), inputDirectory: "/src" })
      expect(
        recorder.calls.find(({ args: [name], operation }) =>
          operation === "containerCreate" && !String(name).endsWith("filler")
        )?.args[1]
      ).toMatchObject({ WorkingDir: "/src", AttachStdin: false, OpenStdin: false })
    }))
})

describe("output", () => {
  it.effect("is separate, interleaved, and cut at its limit", () =>
    Effect.gen(function*() {
      const { outcome } = yield* run({ limits: { output: 5 } }, {
        output: [said("stdout", "ab"), said("stderr", "cd"), said("stdout", "ef"), said("stderr", "gh")]
      })
      expect(outcomeOutput(outcome)).toStrictEqual({
        log: "abcde",
        stdout: "abe",
        stderr: "cd",
        truncated: true
      })
    }))

  it.effect("is told as it comes, up to its limit", () =>
    Effect.gen(function*() {
      const recorder = EngineRecorder.make({
        output: [said("stdout", "ab"), said("stderr", "cd"), said("stdout", "ef")]
      })
      const events = yield* Stream.runCollect(
        Stream.provideLayer(runStream({ ...job, limits: { output: 3 } }), recorder.layer)
      )
      expect([...events].map((event) =>
        event._tag === "Output" ? `${event.stream} ${Buffer.from(event.bytes).toString()}` : event._tag
      ))
        .toStrictEqual(["stdout ab", "stderr c", "Finished"])
    }))

  it.effect.each<readonly [string, ReadonlyArray<Piece>, ReadonlyArray<Piece>, string]>([
    ["all of it", [said("stdout", "one\n")], [], "fails"],
    ["its end", [said("stdout", "one\ntwo")], [said("stdout", "one\n")], "fails"],
    ["one stream", [said("stdout", "one"), said("stderr", "two")], [said("stdout", "onetwo")], "fails"],
    // A log in JSON has three bytes for each that is not UTF-8, and a newline at the end of every line.
    [
      "nothing",
      [said("stdout", "a\ufffd\ufffd\n")],
      [{ stream: "stdout", bytes: Uint8Array.of(97, 255, 254) }],
      "succeeds"
    ],
    // Of a log that is full, the beginning is gone.
    ["nothing", [said("stdout", "end")], [said("stdout", "x".repeat(2 ** 20))], "succeeds"]
  ])(
    "of which %s is lost on the way is a failure only if something is",
    ([, output, attached, expected]) =>
      Effect.gen(function*() {
        const { outcome, recorder } = yield* run({}, { output, attached })
        expect(outcome._tag).toBe(expected === "fails" ? "Left" : "Right")
        if (outcome._tag === "Left") {
          expect(outcome.left).toMatchObject({ _tag: "OutputLost", reason: "Missing" })
        }
        expect(recorder.left()).toStrictEqual([])
      })
  )

  it.effect("standard input is passed on", () =>
    Effect.gen(function*() {
      const { recorder } = yield* run({ stdin: Stream.make(bytes("one "), bytes("two")) })
      expect(recorder.input()).toBe("one two")
    }))
})

const outcomeOutput = (outcome: { readonly _tag: string; readonly right?: Parameters<typeof outputOf>[0] }) =>
  outcome.right === undefined ? outcome : outputOf(outcome.right)

describe("a command that does not start", () => {
  const mark = "[FATAL tini (7)] "
  const failed = (code: number, output: ReadonlyArray<Piece>, limits = {}) =>
    Effect.gen(function*() {
      const recorder = EngineRecorder.make({ exitCode: code, output })
      const events: Array<string> = []
      const outcome = yield* runStream({ ...job, command: ["nope", "arg"], limits }).pipe(
        Stream.runForEach((event) =>
          Effect.sync(() =>
            events.push(event._tag === "Output" ? Buffer.from(event.bytes).toString() : event._tag)
          )
        ),
        Effect.either,
        Effect.provide(recorder.layer)
      )
      return { error: outcome._tag === "Left" ? outcome.left.message : undefined, events }
    })

  it.effect.each<readonly [string, ReadonlyArray<string>, object]>([
    ["at once", [`${mark}exec nope failed: No such file or directory\n`], {}],
    // As tini does.
    ["in pieces", [mark, "exec nope failed: No such file or directory", "\n"], {}],
    ["in single bytes", `${mark}exec nope failed: No such file or directory\n`.split(""), {}],
    ["beyond the limit", [mark, "exec nope failed: No such file or directory", "\n"], { output: 3 }]
  ])("is not found, which the init says %s", ([, pieces, limits]) =>
    Effect.gen(function*() {
      expect(yield* failed(127, pieces.map((text) => said("stderr", text)), limits)).toStrictEqual({
        error:
          "command \"nope\" not found in image \"image\": it is not on PATH there; give its path, or set PATH",
        events: []
      })
    }))

  it.effect("may not be executed", () =>
    Effect.gen(function*() {
      expect(yield* failed(126, [said("stderr", "[FATAL tini (12)] exec nope failed: Permission denied\n")]))
        .toStrictEqual({
          error:
            "command \"nope\" of image \"image\" cannot be executed: permission denied; check that everybody may execute it",
          events: []
        })
    }))

  const complaint = `${mark}exec nope failed: No such file or directory\n`
  it.effect.each<readonly [string, number, ReadonlyArray<Piece>]>([
    ["another code", 1, [said("stderr", complaint)]],
    ["another command", 127, [said("stderr", `${mark}exec other failed: No such file or directory\n`)]],
    ["more than that", 127, [said("stderr", complaint), said("stderr", "and more\n")]],
    ["something else, too", 127, [said("stderr", complaint), said("stdout", "more")]],
    ["it on standard output", 127, [said("stdout", complaint)]],
    ["only the beginning", 127, [said("stderr", mark), said("stderr", "exec nope failed: ")]],
    ["something without an end", 127, [said("stderr", complaint.replace("\n", "x".repeat(300)))]],
    ["something like it", 127, [said("stderr", complaint.replace("7", "x"))]]
  ])("a command that says %s is believed to have run", ([, code, output]) =>
    Effect.gen(function*() {
      expect(yield* failed(code, output)).toStrictEqual({
        error: undefined,
        events: [...output.map(({ bytes }) => Buffer.from(bytes).toString()), "Finished"]
      })
    }))

  it.effect.each<readonly [string, string]>([
    ["a pid", "[FATAL tini (12345678"],
    ["a reason", complaint.replace("\n", "x".repeat(300))]
  ])("is not waited for when what it says is too long for %s", ([, text]) =>
    Effect.gen(function*() {
      const recorder = EngineRecorder.make({ exitCode: "never", output: [said("stderr", text)] })
      const events = yield* runStream({ ...job, command: ["nope"] }).pipe(
        Stream.take(1),
        Stream.provideLayer(recorder.layer),
        Stream.runCollect
      )
      expect([...events]).toMatchObject([{ _tag: "Output", stream: "stderr" }])
    }))

  it.effect("is not meant by a command that has said so much when the time is over", () =>
    Effect.gen(function*() {
      const recorder = EngineRecorder.make({ exitCode: "never", output: [said("stderr", mark)] })
      const fiber = yield* Effect.fork(
        Effect.provide(runOnce({ ...job, limits: { timeout: Duration.seconds(5) } }), recorder.layer)
      )
      yield* TestClock.adjust("5 seconds")
      expect(outputOf(yield* Fiber.join(fiber)).stderr).toBe(mark)
    }))
})

describe("the time limit", () => {
  const timed = (world: EngineRecorder.World, fields: Partial<JobInput> = {}) =>
    Effect.gen(function*() {
      const recorder = EngineRecorder.make(world)
      const limits = { timeout: Duration.seconds(5) }
      const fiber = yield* Effect.fork(Effect.provide(runOnce({ ...job, limits, ...fields }), recorder.layer))
      yield* TestClock.adjust("5 seconds")
      const result = yield* Fiber.join(fiber)
      return { result, calls: show(recorder.calls), left: recorder.left() }
    })

  it.effect("kills what runs, and keeps its output and its files", () =>
    Effect.gen(function*() {
      const { calls, left, result } = yield* timed({
        exitCode: "never",
        output: [said("stdout", "partial")],
        paths: { "/tmp/a": bytes("art") }
      }, { collect: ["/tmp/a"] })
      expect(result).toMatchObject({
        exitCode: Option.some(137),
        timedOut: true,
        artifacts: { files: new Map([["/tmp/a", bytes("art")]]), missing: [] }
      })
      expect(outputOf(result).stdout).toBe("partial")
      expect(calls.filter((call) => !call.startsWith("containerStats")).slice(-8)).toStrictEqual([
        "containerStart RUN",
        "containerWait RUN",
        "containerKill RUN",
        "containerInspect RUN",
        "containerArchiveInfo RUN /tmp/a",
        "containerArchive RUN /tmp/a",
        "containerDelete RUN",
        "volumeDelete RUN-0"
      ])
      expect(left).toStrictEqual([])
    }))

  it.effect("counts while nothing runs yet", () =>
    Effect.gen(function*() {
      const { calls, left, result } = yield* timed({}, { inputTar: Stream.never, collect: ["/workspace/a"] })
      expect(result).toMatchObject({
        exitCode: Option.none(),
        timedOut: true,
        artifacts: { files: new Map(), missing: [{ path: "/workspace/a", reason: "NotStarted" }] }
      })
      expect(calls.filter((call) => call.startsWith("containerStart"))).toStrictEqual([])
      expect(left).toStrictEqual([])
    }))
})

it.effect("a reader that stops ends the run", () =>
  Effect.gen(function*() {
    const recorder = EngineRecorder.make({ exitCode: "never", output: [said("stdout", "first")] })
    const events = yield* Stream.runCollect(
      Stream.take(Stream.provideLayer(runStream(job), recorder.layer), 1)
    )
    expect([...events].map(({ _tag }) => _tag)).toStrictEqual(["Output"])
    expect(recorder.left()).toStrictEqual([])
  }))

it.effect("an input that breaks off is the run's failure", () =>
  Effect.gen(function*() {
    const { outcome, recorder } = yield* run({ stdin: Stream.fail(broken) }, { exitCode: "never" })
    expect(outcome._tag === "Left" && outcome.left).toStrictEqual(broken)
    expect(recorder.left()).toStrictEqual([])
  }))
