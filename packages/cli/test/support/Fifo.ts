/**
 * FIFOs: pipes with names.
 *
 * Two things differ from a pipe without one. Whoever opens an end waits for somebody at the other end, so that all
 * is opened here without waiting; and whoever opens `/dev/stdin` again waits once more, for a writer.
 */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

/** The two ends: the other process's waits for data or room, as pipes do; ours does not. */
export interface Ends {
  readonly theirs: number
  readonly ours: number
}

const openBoth = (path: string, theirs: number, ours: number): Ends => {
  // A process that has both ends waits for nobody.
  const both = openSync(path, O_RDWR)
  const ends = { theirs: openSync(path, theirs), ours: openSync(path, ours | O_NONBLOCK) }
  closeSync(both)
  return ends
}

/** Pipes for the standard streams of a child. Their names are gone before anybody uses them. */
export const openStreams = (): { readonly stdin: Ends; readonly stdout: Ends; readonly stderr: Ends } => {
  const directory = mkdtempSync(join(tmpdir(), "agent-pipes-"))
  try {
    const path = (name: string) => join(directory, name)
    execFileSync("mkfifo", [path("in"), path("out"), path("err")])
    return {
      stdin: openBoth(path("in"), O_RDONLY, O_WRONLY),
      stdout: openBoth(path("out"), O_WRONLY, O_RDONLY),
      stderr: openBoth(path("err"), O_WRONLY, O_RDONLY)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** What arrives at an end that is read from. */
export interface Reader {
  /** All that has arrived when it is enough for the first time, or when nobody can write any more. */
  readonly until: (isEnough: (content: Buffer) => boolean) => Effect.Effect<Buffer>
  /** The first line; all of it when it ends before. */
  readonly line: Effect.Effect<string>
  readonly close: () => void
}

export const reader = (fd: number): Reader => {
  const socket = new Socket({ fd, readable: true, writable: false })
  const chunks: Array<Buffer> = []
  let closed = false
  socket.on("data", (chunk: Buffer) => chunks.push(chunk))
  socket.on("close", () => {
    closed = true
  })
  const until: Reader["until"] = (isEnough) =>
    Effect.async((resume) => {
      const check = () => {
        const content = Buffer.concat(chunks)
        if (!closed && !isEnough(content)) return
        socket.off("data", check).off("close", check)
        resume(Effect.succeed(content))
      }
      socket.on("data", check).on("close", check)
      check()
    })
  return {
    until,
    line: Effect.map(until((content) => content.includes("\n")), String),
    close: () => socket.destroy()
  }
}

/** Writes a text and closes the end. Nobody need read it. */
export const write = (fd: number, text: string): { readonly close: () => void } => {
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.on("error", () => socket.destroy())
  socket.end(text)
  return { close: () => socket.destroy() }
}

/** A new FIFO by which another process, which opens it by its path, tells us something. */
export const listen = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      execFileSync("mkfifo", [path])
      const { ours, theirs } = openBoth(path, O_WRONLY, O_RDONLY)
      return { ...reader(ours), theirs }
    }),
    ({ close, theirs }) =>
      Effect.sync(() => {
        close()
        closeSync(theirs)
      })
  )

/** A new FIFO by which we tell another process something: a line, whether or not it listens already. */
export const tell = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      execFileSync("mkfifo", [path])
      // Open for as long as the other process may want to open it: it waits for nobody, and the line is not lost.
      return openSync(path, O_RDWR)
    }),
    (both) => Effect.sync(() => closeSync(both))
  ).pipe(Effect.map((both) => (line: string) => writeSync(both, `${line}\n`)))
