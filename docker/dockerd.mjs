// A Docker daemon of one's own, which shares nothing with the machine's: for tests and benchmarks, as root, with Debian's
// docker.io.
import { execFileSync, spawn } from "node:child_process"
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

/** A call of the API, past everything that is tested. */
const call = (socketPath, method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/x-tar" }
    const sent = request({ socketPath, method, path, headers }, (response) => {
      const chunks = []
      response.on("data", (chunk) => chunks.push(chunk))
      response.on("error", reject)
      response.on(
        "end",
        () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() })
      )
    })
    sent.on("error", reject)
    sent.end(body)
  })

const launch = (directory, socket) => {
  const log = openSync(join(directory, "log"), "a")
  const daemon = spawn("dockerd", [
    `--host=unix://${socket}`,
    // Not the machine's.
    `--config-file=${join(directory, "daemon.json")}`,
    `--data-root=${join(directory, "data")}`,
    `--exec-root=${join(directory, "exec")}`,
    `--pidfile=${join(directory, "pid")}`,
    "--iptables=false",
    "--ip6tables=false",
    "--bridge=none",
    "--storage-driver=vfs",
    "--exec-opt=native.cgroupdriver=cgroupfs"
  ], {
    stdio: ["ignore", log, log],
    detached: true,
    // Where its containerd writes the stacks of all its threads when it has not answered for a while.
    env: { ...process.env, TMPDIR: directory }
  })
  closeSync(log)
  return daemon
}

const hasExited = ({ exitCode, signalCode }) => exitCode !== null || signalCode !== null

/** Returns once it answers; its own end is the failure. */
const awaitUp = async (daemon, directory, socket) => {
  for (;;) {
    if (hasExited(daemon)) throw new Error(readFileSync(join(directory, "log"), "utf8").slice(-2000))
    if (await call(socket, "GET", "/_ping").then(({ status }) => status === 200, () => false)) return
    await sleep(20)
  }
}

const stop = async (daemon) => {
  if (hasExited(daemon)) return
  const exited = new Promise((resolve) => daemon.once("exit", resolve))
  daemon.kill("SIGTERM")
  await exited
}

/** Deepest first: the root of a container, and the data directory, which the daemon mounts on itself. */
const unmountBelow = (directory) => {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n").map((line) => line.split(" ")[1] ?? "")
  for (const mount of mounts.filter((path) => path.startsWith(`${directory}/`)).reverse()) {
    execFileSync("umount", ["--lazy", mount])
  }
}

/** An archive of what `fill` puts into an empty directory, all of it owned by root. */
const archiveOf = (fill) => {
  const root = mkdtempSync(join(tmpdir(), "image-"))
  try {
    // Everybody may enter it, as with every image.
    chmodSync(root, 0o755)
    fill(root)
    return execFileSync("tar", ["--create", "--directory", root, "--owner=0", "--group=0", "."], {
      maxBuffer: 2 ** 28
    })
  } finally {
    rmSync(root, { recursive: true })
  }
}

const importImage = async (socket, name, fill, changes) => {
  const parameters = new URLSearchParams([
    ["fromSrc", "-"],
    ["repo", name],
    ...changes.map((change) => ["changes", change])
  ])
  const { status, text } = await call(socket, "POST", `/images/create?${parameters}`, archiveOf(fill))
  if (status !== 200) throw new Error(text)
}

const list = async (socket) => {
  const containers = JSON.parse((await call(socket, "GET", "/containers/json?all=1")).text)
  const { Volumes } = JSON.parse((await call(socket, "GET", "/volumes")).text)
  return { containers: containers.map(({ Id }) => Id), volumes: (Volumes ?? []).map(({ Name }) => Name) }
}

/**
 * Starts a daemon in a new directory for temporary files, whose name is short: a socket's path has room for 108 bytes.
 * `stop` leaves neither a process nor a mount nor a file of it.
 */
export const startDockerd = async () => {
  const directory = mkdtempSync(join(tmpdir(), "dockerd-"))
  const socket = join(directory, "s")
  writeFileSync(join(directory, "daemon.json"), "{}")
  let daemon = launch(directory, socket)
  const end = async () => {
    await stop(daemon)
    unmountBelow(directory)
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await awaitUp(daemon, directory, socket)
  } catch (error) {
    await end()
    throw error
  }
  return {
    socket,
    host: `unix://${socket}`,
    importImage: (name, fill, changes = []) => importImage(socket, name, fill, changes),
    list: () => list(socket),
    restart: async () => {
      await stop(daemon)
      daemon = launch(directory, socket)
      await awaitUp(daemon, directory, socket)
    },
    stop: end
  }
}
