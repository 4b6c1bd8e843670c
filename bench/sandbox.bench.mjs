// What a run in a container costs beside `docker run --rm` with the same flags, and what memory a gigabyte of output takes.
// On a daemon of its own: dockerd and docker(1) of Debian's docker.io, as root.
import { EngineLive, runOnce } from "@chroot-exec/sandbox"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { makeBusyboxRoot } from "../docker/busybox-root.mjs"
import { startDockerd } from "../docker/dockerd.mjs"
import { measureCalls } from "./measure.mjs"

const repository = join(import.meta.dirname, "..")

export const title = "/bin/true in a hardened container"

const DOCKER = "docker run --rm"
const LIBRARY = "runOnce"
const AGENT = "agent sandbox run"

// Not the one in /usr/local/bin, which may be of another version than the daemon.
const docker = "/usr/bin/docker"

const tmpfs = (place, bytes) => `${place}:rw,exec,nosuid,nodev,size=${bytes},mode=1777,uid=65532,gid=65532`

/** What `Isolation.ts` says, as docker(1) takes it. */
const flags = [
  [
    "--network=none",
    "--read-only",
    "--cap-drop=ALL",
    "--user=65532:65532",
    "--security-opt=no-new-privileges:true"
  ],
  [
    "--init",
    "--ipc=private",
    "--cgroupns=private",
    "--memory=512m",
    "--memory-swap=512m",
    "--pids-limit=256"
  ],
  [
    "--cpus=1",
    "--ulimit=core=0:0",
    "--log-driver=json-file",
    "--log-opt=max-size=1m",
    "--log-opt=max-file=1"
  ],
  ["--tmpfs", tmpfs("/workspace", 536_870_912), "--tmpfs", tmpfs("/tmp", 134_217_728)]
].flat()

/** A command to its end, which has to be a success. */
const command = (env, program, ...args) => () =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: "ignore"
    })
    child.on("close", (code) => code === 0 ? resolve() : reject(new Error(`${program}: exit code ${code}`)))
  })

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(0)

/** The most memory that the process has at once while a run writes, against what it had before. */
const memoryOf = async (run, bytes) => {
  let most = 0
  const before = process.memoryUsage.rss()
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20)
  const result = await run({
    command: ["/bin/head", "-c", String(bytes), "/dev/zero"],
    limits: { network: "none", output: 2 ** 20 }
  })
  clearInterval(watch)
  if (!result.output.truncated || result.output.log.length !== 2 ** 20) {
    throw new Error("the output was not cut")
  }
  return `${mebibytes(bytes)} MiB of output, 1 MiB kept: ${
    mebibytes(Math.max(most - before, 0))
  } MiB more than before`
}

export const measureAll = async (_directory, { runs }) => {
  const daemon = await startDockerd()
  const env = { DOCKER_HOST: daemon.host }
  const runtime = ManagedRuntime.make(EngineLive.layer(env))
  const run = ({ limits, ...job }) =>
    runtime.runPromise(
      runOnce({ image: "image", ...job, limits: { timeout: Duration.minutes(5), ...limits } })
    )
  try {
    await daemon.importImage("image", (root) => makeBusyboxRoot(root))
    await runtime.runPromise(Effect.void)
    const subjects = await measureCalls({
      [DOCKER]: command(env, docker, "run", "--rm", ...flags, "image", "/bin/true"),
      [LIBRARY]: () => run({ command: ["/bin/true"], limits: { network: "none" } }),
      [AGENT]: command(
        env,
        join(repository, "node_modules/.bin/agent"),
        "sandbox",
        "run",
        "--image",
        "image",
        "--network",
        "none",
        "--",
        "/bin/true"
      )
    }, { baseline: DOCKER, runs })
    const notes = [await memoryOf(run, 2 ** 26), await memoryOf(run, 2 ** 30)]
    return { baseline: DOCKER, bounds: { [LIBRARY]: 1 }, subjects, notes }
  } finally {
    await runtime.dispose()
    await daemon.stop()
  }
}
