/**
 * A Docker daemon of the test's own, with an image made of a static busybox, which goes with the scope: nothing of it is
 * left, neither a process nor a mount nor a file.
 */
import { EngineLive } from "@chroot-exec/sandbox"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import * as Fs from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

/** What the image has, beside the links to busybox. */
const FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0::/:/bin/sh\n",
  "etc/secret": "only root reads this\n",
  "bin/ready": "#!/bin/sh\necho ready\n"
}

export interface Dockerd {
  readonly socket: string
  /** For `EngineLive` and `agent`. */
  readonly env: Readonly<Record<string, string>>
  readonly layer: ReturnType<typeof EngineLive.layer>
  /** Ids of all containers, names of all volumes. */
  readonly left: Effect.Effect<
    { readonly containers: ReadonlyArray<string>; readonly volumes: ReadonlyArray<string> }
  >
  /** Stops the daemon as its service does, and starts it again. */
  readonly restart: Effect.Effect<void>
}

/** A call of the daemon's API past everything that is tested. */
const api = (
  socketPath: string,
  method: string,
  path: string,
  body?: Uint8Array
): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const call = request(
      { socketPath, method, path, headers: { "content-type": "application/x-tar" } },
      (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on(
          "end",
          () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
        )
      }
    )
    call.on("error", reject)
    call.end(body)
  })

const launch = (directory: string, socket: string): ChildProcess => {
  const config = join(directory, "daemon.json")
  Fs.writeFileSync(config, "{}")
  const log = Fs.openSync(join(directory, "log"), "a")
  const child = spawn("dockerd", [
    `--host=unix://${socket}`,
    `--config-file=${config}`,
    `--data-root=${join(directory, "data")}`,
    `--exec-root=${join(directory, "exec")}`,
    `--pidfile=${join(directory, "pid")}`,
    "--iptables=false",
    "--ip6tables=false",
    "--bridge=none",
    "--storage-driver=vfs",
    "--exec-opt=native.cgroupdriver=cgroupfs"
  ], { stdio: ["ignore", log, log], detached: true })
  Fs.closeSync(log)
  return child
}

/** Answers once it is up; the daemon's own end is the failure. */
const awaitUp = async (child: ChildProcess, socket: string, directory: string): Promise<void> => {
  for (;;) {
    if (child.exitCode !== null) throw new Error(Fs.readFileSync(join(directory, "log"), "utf8").slice(-2000))
    const up = await api(socket, "GET", "/_ping").then(({ status }) => status === 200, () => false)
    if (up) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const exited = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once("exit", () => resolve())
  })

/** Its mounts, deepest first: a container's root, and the data directory itself. */
const unmountBelow = (directory: string): void => {
  const mounts = Fs.readFileSync("/proc/self/mounts", "utf8").split("\n").map((line) =>
    line.split(" ")[1] ?? ""
  )
  for (const mount of mounts.filter((path) => path.startsWith(directory)).reverse()) {
    execFileSync("umount", ["--lazy", mount])
  }
}

const importImage = async (directory: string, socket: string): Promise<void> => {
  const root = join(directory, "root")
  for (const path of ["bin", "etc", "tmp", "usr/bin"]) Fs.mkdirSync(join(root, path), { recursive: true })
  Fs.copyFileSync("/bin/busybox", join(root, "bin/busybox"))
  for (const applet of execFileSync("/bin/busybox", ["--list"], { encoding: "utf8" }).trim().split("\n")) {
    if (applet !== "busybox") Fs.symlinkSync("busybox", join(root, "bin", applet))
  }
  // Perl makes any system call, which busybox does not.
  const machineRoot = pathToFileURL(join(import.meta.dirname, "../../../../docker/machine-root.mjs")).href
  execFileSync(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { makeMachineRoot } from ${
      JSON.stringify(machineRoot)
    }; makeMachineRoot(process.argv[1], ["perl"])`,
    root
  ])
  for (const [path, text] of Object.entries(FILES)) Fs.writeFileSync(join(root, path), text)
  Fs.chmodSync(join(root, "etc/secret"), 0o600)
  Fs.chmodSync(join(root, "bin/ready"), 0o755)
  // A set-user-ID shell of root, which must not help.
  Fs.copyFileSync("/bin/busybox", join(root, "bin/suid"))
  Fs.chmodSync(join(root, "bin/suid"), 0o4755)
  const archive = execFileSync("tar", ["--create", "--directory", root, "--owner=0", "--group=0", "."], {
    maxBuffer: 2 ** 28
  })
  const changes = [
    "ENTRYPOINT [\"/bin/false\"]",
    "VOLUME /declared",
    "ENV FROM_IMAGE=yes",
    "HEALTHCHECK CMD /bin/false"
  ]
  const query = [["fromSrc", "-"], ["repo", "image"], ...changes.map((change) => ["changes", change])]
    .map(([name = "", value = ""]) => `${name}=${encodeURIComponent(value)}`).join("&")
  const { status, text } = await api(socket, "POST", `/images/create?${query}`, archive)
  if (status !== 200) throw new Error(text)
}

const listOf = (socket: string) => async () => {
  const containers = JSON.parse((await api(socket, "GET", "/containers/json?all=1")).text) as Array<
    { Id: string }
  >
  const { Volumes } = JSON.parse((await api(socket, "GET", "/volumes")).text) as {
    Volumes: Array<{ Name: string }> | null
  }
  return { containers: containers.map(({ Id }) => Id), volumes: (Volumes ?? []).map(({ Name }) => Name) }
}

/** A daemon that runs, with the image `image`. Its socket's path is short: 108 bytes is all that it may have. */
export const make: Effect.Effect<Dockerd, never, Scope.Scope> = Effect.gen(function*() {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(join(tmpdir(), "dockerd-"))),
    (path) =>
      Effect.sync(() => {
        unmountBelow(path)
        Fs.rmSync(path, { recursive: true, force: true })
      })
  )
  const socket = join(directory, "s")
  let daemon = launch(directory, socket)
  const stop = async () => {
    daemon.kill("SIGTERM")
    await exited(daemon)
  }
  yield* Effect.addFinalizer(() => Effect.promise(stop))
  yield* Effect.promise(async () => {
    await awaitUp(daemon, socket, directory)
    await importImage(directory, socket)
  })
  const env = { DOCKER_HOST: `unix://${socket}` }
  return {
    socket,
    env,
    layer: EngineLive.layer(env),
    left: Effect.promise(listOf(socket)),
    restart: Effect.promise(async () => {
      await stop()
      daemon = launch(directory, socket)
      await awaitUp(daemon, socket, directory)
    })
  }
})
