// vitest's globalSetup of the root tier: Docker daemons for its tests, one for each worker. A worker's files run one after
// the other, so that each has the daemon to itself: all that it sees there is its own. A daemon is started when it is
// first asked for, and goes with the run.
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { clientOf } from "./dockerd-client.mjs"
import { startDockerd } from "./dockerd.mjs"
import { importTestImage } from "./test-image.mjs"

/** Starts the pool and provides the socket that it is asked on. Returns what ends it. */
export const setup = async (project) => {
  const directory = mkdtempSync(join(tmpdir(), "pool-"))
  const daemons = new Map()
  const start = async (worker) => {
    daemons.set(worker, startDockerd())
    const daemon = await daemons.get(worker)
    await importTestImage(daemon)
    return daemon
  }
  const lend = async (worker) => {
    const daemon = await (daemons.get(worker) ?? start(worker))
    // What a file that failed has left is not the next one's.
    await daemon.clear()
    return daemon
  }
  const server = createServer((asked, response) => {
    lend(asked.url).then(
      ({ socket }) => response.end(socket),
      ({ message }) => response.writeHead(500).end(message)
    )
  })
  const socket = join(directory, "s")
  await new Promise((resolve) => server.listen(socket, resolve))
  project.provide("dockerdPool", socket)
  return async () => {
    server.close()
    // One that has not started has failed the tests that asked for it.
    for (const { value } of await Promise.allSettled(daemons.values())) await value?.stop()
    rmSync(directory, { recursive: true })
  }
}

/** The daemon of this worker, with the image of docker/test-image.mjs and nothing else. */
export const borrowDockerd = async (pool) => {
  const response = await new Promise((resolve, reject) => {
    request({ socketPath: pool, path: `/${process.env.VITEST_POOL_ID}` }, resolve).on("error", reject).end()
  })
  const answer = await text(response)
  if (response.statusCode !== 200) throw new Error(answer)
  return clientOf(answer)
}
