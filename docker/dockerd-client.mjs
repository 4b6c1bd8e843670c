// What tests and benchmarks ask of a Docker daemon themselves, past everything that is tested.
import { execFileSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A call of the API. */
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

/** Removes all containers, whatever they do, and all volumes. */
const clear = async (socket) => {
  const { containers, volumes } = await list(socket)
  for (const id of containers) await call(socket, "DELETE", `/containers/${id}?force=1&v=1`)
  for (const name of volumes) await call(socket, "DELETE", `/volumes/${name}`)
}

/** The daemon that listens there. */
export const clientOf = (socket) => ({
  socket,
  host: `unix://${socket}`,
  ping: () => call(socket, "GET", "/_ping").then(({ status }) => status === 200, () => false),
  importImage: (name, fill, changes = []) => importImage(socket, name, fill, changes),
  list: () => list(socket),
  clear: () => clear(socket)
})
