/**
 * Controllers in processes of their own, which a test can kill.
 */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

const agent = join(import.meta.dirname, "../../../../node_modules/.bin/agent")

const program = join(import.meta.dirname, "../fixtures/controller.mjs")

/** How a controller is called: `tmp` is its directory for temporary files. */
interface Options {
  readonly launcher: "process" | "thread"
  readonly root: string
  readonly script: string
  readonly agent?: string
  readonly tmp?: string
  readonly user?: number
  readonly cwd?: string
}

const start = (options: Options) =>
  spawn(
    process.execPath,
    [program, options.launcher, options.agent ?? agent, options.root, options.script],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: "/usr/bin:/bin", TMPDIR: options.tmp ?? tmpdir() },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user })
    }
  )

/** A controller, which is killed with the scope. */
export const controller = (options: Options) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = start(options)
      const ended = once(child, "exit")
      const said = once(createInterface({ input: child.stdout }), "line")
      const kill = Effect.promise(() => {
        child.kill("SIGKILL")
        return ended
      })
      return {
        kill,
        /** What it says: a line of JSON. */
        said: Effect.promise(async (): Promise<unknown> => JSON.parse(String((await said)[0]))),
        /** The signal that it died by. */
        ended: Effect.promise(async (): Promise<unknown> => (await ended)[1])
      }
    }),
    ({ kill }) => kill
  )
