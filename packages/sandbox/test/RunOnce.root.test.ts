/**
 * Runs on a real daemon: input, artifacts, output, time limits; and that nothing is left of them.
 */
import { type JobInput, Output, runOnce, runStream } from "@chroot-exec/sandbox"
import { beforeAll, describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { changed } from "./support/changed.js"
import * as Dockerd from "./support/Dockerd.js"
import * as Gate from "./support/Gate.js"
import { memoryInUse } from "./support/memory.js"
import { bytes, outputOf } from "./support/record.js"
import { sampled } from "./support/samples.js"
import { type TarEntry, tarOf } from "./support/tar.js"
import * as TimeLimit from "./support/TimeLimit.js"

let daemon: Dockerd.Dockerd
beforeAll(async () => {
  daemon = await Dockerd.borrow()
})

const jobOf = (script: string, fields: Partial<JobInput> = {}): JobInput => ({
  image: "image",
  command: ["/bin/sh", "-c", script],
  ...fields,
  limits: { network: "none", timeout: Duration.infinity, ...fields.limits }
})

const nothingLeft = Effect.suspend(() => daemon.left).pipe(
  Effect.map((left) => expect(left).toStrictEqual({ containers: [], volumes: [] }))
)

const inside = (script: string, fields: Partial<JobInput> = {}) =>
  Effect.suspend(() => Effect.provide(runOnce(jobOf(script, fields)), daemon.layer)).pipe(
    Effect.ensuring(nothingLeft)
  )

const tar = (entries: ReadonlyArray<TarEntry>) => Effect.promise(() => tarOf(entries))

const text = (files: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...files].map(([path, content]) => [path, Buffer.from(content).toString()]))

describe("input @node", () => {
  it.live("can be written to in all its parts, compressed or not", () =>
    Effect.gen(function*() {
      const archive = yield* tar([
        { name: "file", mode: 0o444, uid: 0, content: "x" },
        { name: "dir/", type: "directory", mode: 0o555, uid: 0 },
        { name: "dir/deep/file", mode: 0o400, content: "y" },
        { name: "link", type: "symlink", linkname: "dir/deep/file" }
      ])
      for (const input of [archive, gzipSync(archive)]) {
        const result = yield* inside(
          "pwd; cat link; echo a > new && echo a >> file && echo a > dir/new && echo a >> dir/deep/file && rm -r dir && echo fine",
          { inputTar: Stream.make(input), inputDirectory: "/src/tree" }
        )
        expect(outputOf(result)).toMatchObject({ stdout: "/src/tree\nyfine\n", stderr: "" })
      }
    }))

  it.live("that is refused leaves nothing", () =>
    Effect.gen(function*() {
      const archive = yield* tar([{ name: "a", content: "x".repeat(100_000) }, {
        name: "../b",
        content: "x"
      }])
      const error = yield* Effect.flip(inside("true", { inputTar: Stream.make(archive) }))
      expect(error.message).toBe("input archive: \"../b\": its path has \"..\" in it")
    }))

  it.live("reaches standard input, and its end", () =>
    Effect.gen(function*() {
      const result = yield* inside("cat; echo end", { stdin: Stream.make(bytes("one "), bytes("two\n")) })
      expect(outputOf(result).stdout).toBe("one two\nend\n")
    }))
})

describe("artifacts", () => {
  it.live("come from the input, from tmpfs places and from directories of their own; others are listed", () =>
    Effect.gen(function*() {
      const archive = yield* tar([{ name: "given", content: "given" }])
      const result = yield* inside(
        "echo w > out; echo t > /tmp/r/t; echo o > /out/o; ln -s out link; mkdir dir; mkfifo fifo; head -c 2000000 /dev/zero > large; "
          + "rmdir behind; ln -s /etc behind; exit 4",
        {
          inputTar: Stream.make(archive),
          collect: [
            "/workspace/given",
            "/workspace/out",
            "/tmp/r/t",
            "/out/o",
            "/workspace/none",
            "/workspace/link",
            "/workspace/dir",
            "/workspace/fifo",
            "/workspace/large",
            "/workspace/behind/secret"
          ],
          limits: { artifact: 1_000_000 }
        }
      )
      expect(result.exitCode).toStrictEqual(Option.some(4))
      expect(text(result.artifacts.files)).toStrictEqual({
        "/workspace/given": "given",
        "/workspace/out": "w\n",
        "/tmp/r/t": "t\n",
        "/out/o": "o\n"
      })
      expect(result.artifacts.missing).toStrictEqual([
        { path: "/workspace/none", reason: "Missing" },
        { path: "/workspace/link", reason: "NotAFile" },
        { path: "/workspace/dir", reason: "NotAFile" },
        { path: "/workspace/fifo", reason: "NotAFile" },
        { path: "/workspace/large", reason: "TooLarge" },
        { path: "/workspace/behind/secret", reason: "BehindLink" }
      ])
    }))
})

describe("output @node", () => {
  it.live("is exact, whatever the bytes", () =>
    Effect.gen(function*() {
      const result = yield* inside("printf '\\377\\376\\000a'; printf 'b\\200' >&2")
      expect(Buffer.from(Output.only(result.output, "stdout")).toString("hex")).toBe("fffe0061")
      expect(Buffer.from(Output.only(result.output, "stderr")).toString("hex")).toBe("6280")
    }))

  it.live("beyond its limit is dropped while the command goes on", () =>
    Effect.gen(function*() {
      const result = yield* inside("head -c 50000000 /dev/zero; echo done > /tmp/done", {
        limits: { output: 1000 },
        collect: ["/tmp/done"]
      })
      expect(result.output.log.length).toBe(1000)
      expect(result.output.truncated).toBe(true)
      expect(text(result.artifacts.files)).toStrictEqual({ "/tmp/done": "done\n" })
    }))

  // A gigabyte is for the benchmark.
  it.live("of any length takes no memory but for what is kept", () =>
    Effect.gen(function*() {
      // When the command has ended, all that it wrote has been read, but for what is still on its way.
      const held: Array<number> = []
      const watched = changed(daemon.layer, ({ containerWait }) => ({
        containerWait: (name) => Effect.tap(containerWait(name), () => void held.push(memoryInUse()))
      }))
      const before = memoryInUse()
      const result = yield* runOnce(jobOf("head -c 268435456 /dev/zero; echo done >&2; exit 3", {
        collect: ["/tmp/none"],
        limits: { output: 1024 ** 2 }
      })).pipe(Effect.provide(watched))
      expect(result.exitCode).toStrictEqual(Option.some(3))
      expect(result.output.truncated).toBe(true)
      expect(result.output.log.every((byte) => byte === 0)).toBe(true)
      expect(result.output.log.length).toBe(1024 ** 2)
      expect(held.map((bytes) => bytes - before < 64 * 1024 ** 2)).toStrictEqual([true])
      yield* nothingLeft
    }), 600_000)

  it.live("comes while the command runs", () =>
    Effect.gen(function*() {
      // The command waits for what its first line makes the reader write.
      const events = yield* Stream.runCollect(
        Stream.take(Stream.provideLayer(runStream(jobOf("echo first; sleep 1000")), daemon.layer), 1)
      )
      expect([...events].map((event) => event._tag === "Output" && Buffer.from(event.bytes).toString()))
        .toStrictEqual([
          "first\n"
        ])
      yield* nothingLeft
    }))
})

describe("mounts", () => {
  it.scopedLive("are what the host has there, and cannot be written to", () =>
    Effect.gen(function*() {
      const source = yield* Effect.acquireRelease(
        Effect.sync(() => Fs.mkdtempSync(join(tmpdir(), "mount-"))),
        (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true }))
      )
      Fs.chmodSync(source, 0o777)
      Fs.writeFileSync(join(source, "file"), "of the host\n")
      Fs.chmodSync(join(source, "file"), 0o666)
      Fs.symlinkSync("/etc/hostname", join(source, "link"))
      const result = yield* inside(
        "cat /data/file; echo x >> /data/file; echo x > /data/new; rm -f /data/file; grep ' /data ' /proc/self/mounts | grep -o ' ro,'; cat /data/link",
        { mounts: [{ source, target: "/data" }] }
      )
      const { log, stderr, stdout } = outputOf(result)
      // The link leads to a file of the container's.
      expect(stdout).toMatch(/^of the host\n ro,\n[0-9a-f]{12}\n$/)
      expect(stderr.match(/Read-only file system/g)).toHaveLength(3)
      expect(log).toContain("of the host")
      expect(Fs.readdirSync(source).sort()).toStrictEqual(["file", "link"])
      expect(Fs.readFileSync(join(source, "file"), "utf8")).toBe("of the host\n")
    }))
})

describe("usage", () => {
  it.live("has the duration, and what the last sample says", () =>
    Effect.gen(function*() {
      // It lasts until the daemon has taken a sample, which is late when it has much to do.
      const gate = yield* Gate.make
      const { layer, samples } = sampled(daemon.layer, gate.open)
      const { usage } = yield* Effect.provide(runOnce(jobOf(gate.wait, { mounts: [gate.mount] })), layer)
      // Samples are not asked for before the first second is over.
      expect(Duration.toMillis(usage.duration)).toBeGreaterThan(900)
      expect(samples).toContainEqual({ cpu: usage.cpu, peakMemory: usage.peakMemory })
      yield* nothingLeft
    }).pipe(Effect.scoped), 300_000)
})

describe("the end", () => {
  it.live("at the time limit keeps output and files", () =>
    Effect.gen(function*() {
      const limit = yield* TimeLimit.make
      const events = runStream(jobOf("echo x > /tmp/x; echo partial; exec sleep 100000", {
        limits: { timeout: limit.timeout },
        collect: ["/tmp/x"]
      }))
      // The call that waits for the end is made once the start was answered.
      const started = yield* Deferred.make<void>()
      const engine = changed(daemon.layer, ({ containerWait }) => ({
        containerWait: (name) => Effect.zipRight(Deferred.succeed(started, undefined), containerWait(name))
      }))
      const last = yield* Stream.tap(events, () => Effect.zipRight(Deferred.await(started), limit.expire))
        .pipe(
          Stream.runLast,
          Effect.provide(
            engine
          ),
          limit.govern
        )
      const event = Option.getOrThrow(last)
      if (event._tag !== "Finished") throw new Error(event._tag)
      const { result } = event
      expect(result).toMatchObject({ timedOut: true, exitCode: Option.some(137) })
      expect(outputOf(result).stdout).toBe("partial\n")
      expect(text(result.artifacts.files)).toStrictEqual({ "/tmp/x": "x\n" })
      yield* nothingLeft
    }))

  it.live("by a missing command, or one that nobody may execute", () =>
    Effect.gen(function*() {
      const missing = yield* Effect.flip(inside("", { command: ["no-such-tool", "hunter2"] }))
      expect(missing).toMatchObject({ _tag: "ImageCommandNotFound", command: "no-such-tool" })
      const denied = yield* Effect.flip(inside("", { command: ["/etc/passwd"] }))
      expect(denied).toMatchObject({ _tag: "ImageCommandNotExecutable", command: "/etc/passwd" })
    }))

  it.live("by an interruption @node @race", () =>
    Effect.gen(function*() {
      const events = runStream(jobOf("echo up; sleep 1000", { collect: ["/tmp/a"] }))
      const fiber = yield* Stream.runForEach(events, () => Effect.interrupt).pipe(
        Effect.provide(daemon.layer),
        Effect.fork
      )
      expect(Exit.isInterrupted(yield* Fiber.await(fiber))).toBe(true)
      yield* nothingLeft
    }))
})

it.live("50 at once", () =>
  Effect.gen(function*() {
    const job = (index: number) => jobOf(`echo ${index}`, { limits: { memory: 16 * 1024 ** 2 } })
    const results = yield* Effect.forEach(Array.from({ length: 50 }, (_, index) => index), (index) =>
      runOnce(job(index)), {
      concurrency: "unbounded"
    }).pipe(Effect.provide(daemon.layer))
    expect(results.map((result) =>
      outputOf(result).stdout
    )).toStrictEqual(results.map((_, index) =>
      `${index}\n`
    ))
    yield* nothingLeft
  }), 300_000)
