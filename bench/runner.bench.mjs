// What a step costs that is launched from inside a Node process, beside spawning chroot(8) from the same process.
import { Root } from "@chroot-exec/core/Root"
import { Launcher } from "@chroot-exec/runner/Launcher"
import * as LauncherProcess from "@chroot-exec/runner/LauncherProcess"
import * as LauncherThread from "@chroot-exec/runner/LauncherThread"
import { runStep } from "@chroot-exec/runner/RunStep"
import { decodeStep } from "@chroot-exec/runner/Step"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { makeBusyboxRoot } from "../docker/busybox-root.mjs"
import { findProgram } from "../docker/machine-root.mjs"
import { measureCalls } from "./measure.mjs"

const repository = join(import.meta.dirname, "..")

export const title = "a chrooted /bin/echo, both pipes read, from one Node process"

const SPAWN = "spawning chroot(8)"
const THREAD = "Launcher.thread"
const LOGS = "Launcher.thread, with log files"
const PROCESS = "Launcher.process"
const RECORD_SPAWN = "spawning chroot(8), beside it"
const LARGE_SPAWN = "spawning chroot(8), 500 MB heap"
const LARGE = "Launcher.thread, 500 MB heap"
const SMALL_SPAWN = "spawning chroot(8), between those"
const SMALL = "Launcher.thread, between those"

/** Steps before those that count. */
const WARM_UP = 1000

/**
 * Steps a turn. After fork(2) every page of this process faults once more when it is written to, for which whoever comes
 * next would pay.
 */
const BLOCK = 20

const spawnChroot = (chroot, root) => () =>
  new Promise((resolve, reject) => {
    const child = spawn(chroot, [root, "/bin/echo", "hi"], { stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (data) => (output += data))
    child.stderr.on("data", (data) => (output += data))
    child.on("close", () => output === "hi\n" ? resolve() : reject(new Error(output)))
  })

/** Pages that fork(2) would have to copy the tables of. */
const largeHeap = () => {
  const kept = []
  for (let index = 0; index < 125; index++) kept.push(new Float64Array(524_288).fill(index))
  return kept
}

/** The library, over a launcher that stays. */
const makeRuntime = (launcher) => ManagedRuntime.make(Layer.provideMerge(launcher, LibcLive.layer))

const prepareRoot = (directory) => {
  const root = join(directory, "root")
  makeBusyboxRoot(root)
  mkdirSync(join(root, "pkg/skyhook_dir"), { recursive: true })
  writeFileSync(
    join(root, "pkg/skyhook_dir/lines"),
    "#!/bin/sh\nexec /bin/cat /lines /lines /lines /lines\n",
    { mode: 0o755 }
  )
  return root
}

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc")

/** What is in use: of memory, what is left once all garbage has been collected, and what the kernel has lent. */
const counts = () => {
  collectGarbage()
  const { external, heapUsed, rss } = process.memoryUsage()
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
    memory: heapUsed + external,
    rss
  }
}

const MB = 1e6

/**
 * 100-byte lines through a pipe, with labels, into one file: megabytes a second, and how much memory grew. Each file is
 * removed before there is another one: what memory the machine has for files is not measured.
 */
const measureTee = async (root, run) => {
  const line = Buffer.alloc(100, "x")
  line[99] = 10
  writeFileSync(join(root, "lines"), Buffer.concat(Array.from({ length: 1_000_000 }, () => line)))
  let bytes = 0
  let milliseconds = 0
  const measureOnce = async () => {
    const started = performance.now()
    const result = await run("lines", { log: true })
    milliseconds += performance.now() - started
    bytes += result.stdout.bytes
    rmSync(join(root, "logs"), { recursive: true })
  }
  await measureOnce()
  bytes = 0
  milliseconds = 0
  const before = process.memoryUsage.rss()
  let highest = before
  const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 20)
  for (let round = 0; round < 10; round++) await measureOnce()
  clearInterval(watch)
  return { rate: bytes / MB / (milliseconds / 1000), bytes, growth: highest - before }
}

export const measureAll = async (directory, { runs }) => {
  const chroot = findProgram("chroot")
  if (process.getuid() !== 0 || chroot === undefined) {
    throw new Error("this benchmark needs root and chroot(8)")
  }
  const root = prepareRoot(directory)
  const runtime = makeRuntime(LauncherThread.layer)
  const processes = makeRuntime(
    LauncherProcess.layer({ agent: [join(repository, "node_modules/.bin/agent")] })
  )

  const readAll = (read) =>
    Effect.gen(function*() {
      const buffer = new Uint8Array(4096)
      let text = ""
      for (;;) {
        const count = yield* read(buffer)
        if (count === 0) return text
        text += Buffer.from(buffer.subarray(0, count)).toString()
      }
    })
  const request = {
    control: { cmd: ["/bin/echo", "hi"], no_chmod: true, env: {}, copy_dir: "/" },
    root: Root.Directory({ path: root }),
    environment: { PATH: "/bin" },
    openFiles: Option.none(),
    stdin: "empty"
  }
  const launch = Effect.scoped(Effect.gen(function*() {
    const { launch } = yield* Launcher
    const running = yield* launch(request)
    const [output, errors] = yield* Effect.all([readAll(running.stdout), readAll(running.stderr)], {
      concurrency: "unbounded"
    })
    yield* running.ended
    yield* running.gone
    if (output + errors !== "hi\n") throw new Error(output + errors)
  }))

  const run = (name, { log }) =>
    runtime.runPromise(
      runStep(Either.getOrThrow(decodeStep({ path: name, arguments: ["hi"], no_chmod: true })), {
        root: request.root,
        copyDir: "/pkg",
        environment: request.environment,
        ...(log ? { log: { directory: "/logs", package: "p", version: "1" } } : {})
      })
    )
  // The same program: echo itself, where a step has to be.
  copyFileSync(join(root, "bin/busybox"), join(root, "pkg/skyhook_dir/echo"))

  const subjects = {
    [SPAWN]: spawnChroot(chroot, root),
    [THREAD]: () => runtime.runPromise(launch),
    [LOGS]: () => run("echo", { log: true })
  }
  // First of all: a controller runs for long, and its code has been compiled when times are taken.
  for (const call of Object.values(subjects)) {
    for (let step = 0; step < WARM_UP; step++) await call()
  }
  const STEPS = 10_000
  const before = counts()
  for (let step = 0; step < STEPS; step++) await runtime.runPromise(launch)
  const grown = counts()
  const atOnce = await runtime.runPromise(
    Effect.forEach(Array.from({ length: 500 }), () => Effect.exit(launch), { concurrency: "unbounded" })
  )

  const main = await measureCalls(subjects, { baseline: SPAWN, block: BLOCK, runs: runs * 5 })
  const record = await measureCalls({
    [RECORD_SPAWN]: subjects[SPAWN],
    [PROCESS]: () => processes.runPromise(launch)
  }, { baseline: RECORD_SPAWN, runs })

  const tee = await measureTee(root, run)

  // By turns, each of which begins after a collection: its first calls, in which that happens, do not count.
  let kept = []
  const inHeap = (isLarge, call) => () => {
    if (isLarge !== kept.length > 0) {
      kept = isLarge ? largeHeap() : []
      collectGarbage()
    }
    return call()
  }
  const { [SMALL]: small, [SMALL_SPAWN]: _, ...large } = await measureCalls({
    [LARGE_SPAWN]: inHeap(true, subjects[SPAWN]),
    [LARGE]: inHeap(true, subjects[THREAD]),
    [SMALL_SPAWN]: inHeap(false, subjects[SPAWN]),
    [SMALL]: inHeap(false, subjects[THREAD])
  }, { baseline: SMALL_SPAWN, block: BLOCK, runs: runs * 5 })

  await Promise.all([runtime.dispose(), processes.dispose()])
  const rebased = Object.fromEntries(
    Object.entries({ [PROCESS]: record[PROCESS], ...large }).map(([name, row]) => [
      name,
      { ...row, ratio: row.median / main[SPAWN].median }
    ])
  )
  return {
    baseline: SPAWN,
    bounds: { [THREAD]: 0.5, [LOGS]: 0.8 },
    subjects: { ...main, ...rebased },
    tee,
    notes: [
      `\nwith a heap of 500 MB, Launcher.thread takes ${
        (large[LARGE].median / small.median).toFixed(2)
      } times what it takes with a small one, by turns (to be under 1.2)`,
      `tee of 100-byte lines into a log file with labels: ${
        tee.rate.toFixed(0)
      } MB/s (to be over 400), memory grew by ${(tee.growth / MB).toFixed(0)} MB over ${
        (tee.bytes / MB).toFixed(0)
      } MB (to be under 34)`,
      `${STEPS} steps one after another: descriptors ${before.descriptors} to ${grown.descriptors}, threads ${before.threads} to ${grown.threads}, memory ${
        (before.memory / MB).toFixed(2)
      } to ${(grown.memory / MB).toFixed(2)} MB (resident ${(before.rss / MB).toFixed(0)} to ${
        (grown.rss / MB).toFixed(0)
      } MB)`,
      `500 at once: ${atOnce.filter(({ _tag }) => _tag === "Success").length} ended properly`
    ]
  }
}
