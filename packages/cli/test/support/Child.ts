/**
 * A child process on pipes.
 *
 * Node's own spawn connects children by sockets, which behave differently where it matters here: they cannot be
 * opened by `/dev/stdout`, and have other flags. So the standard streams are FIFOs.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import * as Fifo from "./Fifo.js"

export interface Call {
  readonly command: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin?: string | undefined
  /** How many descriptors above 2 it inherits. */
  readonly extraFds?: number | undefined
  readonly user?: number | undefined
}

export interface Ended {
  readonly exit: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface Child {
  readonly pid: number
  /** The first line of standard output; all of it when it ends before. */
  readonly firstLine: Effect.Effect<string>
  /** Over when standard output has this text, or has ended. */
  readonly until: (text: string) => Effect.Effect<void>
  /** How it ended, once it has and nobody holds its output any more. */
  readonly ended: Effect.Effect<Ended>
}

const launch = ({ command: [file = "", ...args], cwd, env, extraFds = 0, stdin = "", user }: Call) => {
  const streams = Fifo.openStreams()
  const theirs = [
    streams.stdin.theirs,
    streams.stdout.theirs,
    streams.stderr.theirs,
    ...Array.from({ length: extraFds }, () => openSync("/dev/null", "r"))
  ]
  const child = spawn(file, args, {
    cwd,
    env,
    // A session and process group of its own, which a test can end as a whole.
    detached: true,
    stdio: theirs,
    ...(user === undefined ? {} : { uid: user, gid: user })
  })
  const exit = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("exit", (code, signal) => resolve([code, signal]))
    child.once("error", reject)
  })
  // Whoever asks for the exit is told of the failure.
  exit.catch(() => undefined)
  theirs.forEach((fd) => closeSync(fd))
  return {
    child,
    exit: Effect.promise(() => exit),
    stdin: Fifo.write(streams.stdin.ours, stdin),
    stdout: Fifo.reader(streams.stdout.ours),
    stderr: Fifo.reader(streams.stderr.ours)
  }
}

/** Whatever is left of the child's group, also when the child itself has ended. */
const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // Nothing is left of it.
  }
}

/** Starts a child, which does not outlive the scope, nor does anything that it leaves behind in its group. */
export const start = (call: Call): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => launch(call)),
    ({ child, exit, stderr, stdin, stdout }) =>
      Effect.gen(function*() {
        killGroup(child)
        yield* Effect.exit(exit)
        for (const stream of [stdin, stdout, stderr]) stream.close()
      })
  ).pipe(
    Effect.map(({ child, exit, stderr, stdout }) => ({
      pid: child.pid ?? 0,
      firstLine: stdout.line,
      until: (text) => Effect.asVoid(stdout.until((content) => content.includes(text))),
      ended: Effect.gen(function*() {
        const [code, signal] = yield* exit
        return {
          exit: code,
          signal,
          stdout: yield* stdout.until(() => false),
          stderr: yield* stderr.until(() => false)
        }
      })
    }))
  )

/** Runs a child to its end. */
export const run = (call: Call): Effect.Effect<Ended> =>
  Effect.scoped(Effect.flatMap(start(call), ({ ended }) => ended))
