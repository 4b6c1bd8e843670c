// A Docker daemon of one's own, which shares nothing with the machine's: for tests and benchmarks, as root, with Debian's
// docker.io.
import { execFileSync, spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { clientOf } from "./dockerd-client.mjs"

const launch = (directory, socket) => {
  const log = openSync(join(directory, "log"), "a")
  const daemon = spawn("setpriv", [
    // Whatever ends us ends it, too.
    "--pdeathsig=TERM",
    "dockerd",
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
const awaitUp = async (daemon, directory, client) => {
  for (;;) {
    if (hasExited(daemon)) throw new Error(readFileSync(join(directory, "log"), "utf8").slice(-2000))
    if (await client.ping()) return
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

/**
 * Starts a daemon in a new directory for temporary files, whose name is short: a socket's path has room for 108 bytes.
 * `stop` leaves neither a process nor a mount nor a file of it.
 */
export const startDockerd = async () => {
  const directory = mkdtempSync(join(tmpdir(), "dockerd-"))
  const client = clientOf(join(directory, "s"))
  writeFileSync(join(directory, "daemon.json"), "{}")
  let daemon = launch(directory, client.socket)
  const end = async () => {
    await stop(daemon)
    unmountBelow(directory)
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await awaitUp(daemon, directory, client)
  } catch (error) {
    await end()
    throw error
  }
  return {
    ...client,
    restart: async () => {
      await stop(daemon)
      daemon = launch(directory, client.socket)
      await awaitUp(daemon, directory, client)
    },
    stop: end
  }
}
