// Running programs for the scripts: from the repository's root, and never longer than we live.
import { spawn } from "node:child_process"
import { constants } from "node:os"
import { join } from "node:path"

/** The root of the repository. */
export const root = join(import.meta.dirname, "..")

const ENDING = ["SIGHUP", "SIGINT", "SIGTERM"]

/** Milliseconds to clean up, for a program that was told to end. */
const GRACE = 2000

/**
 * Runs a program. Its output goes where ours goes or, with `quiet`, into the result's `output`. One that waits for
 * something that never happens is ended after so many minutes.
 */
export const run = (program, args, { env = process.env, cwd = root, quiet = false, minutes = 20 } = {}) =>
  new Promise((resolve) => {
    const output = []
    const child = spawn(program, args, {
      cwd,
      env,
      // A process group: what the program has started ends with it, even a worker that hangs.
      detached: true,
      stdio: ["ignore", ...Array(2).fill(quiet ? "pipe" : "inherit")]
    })
    child.stdout?.on("data", (chunk) => output.push(chunk))
    child.stderr?.on("data", (chunk) => output.push(chunk))

    const kill = (signal) => {
      // It was never there.
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, signal)
      } catch {
        // It has ended.
      }
    }
    // What ends us ends the program first, and then us: "exit" listeners clean up.
    let ended
    const forward = (signal) => {
      ended = signal
      kill(signal)
      setTimeout(() => kill("SIGKILL"), GRACE)
    }
    const limit = setTimeout(() => {
      console.error(`${program} ${args.join(" ")}: no end within ${minutes} minutes`)
      kill("SIGKILL")
    }, minutes * 60_000)
    for (const signal of ENDING) process.on(signal, forward)
    const end = (code) => {
      clearTimeout(limit)
      for (const signal of ENDING) process.off(signal, forward)
      if (ended !== undefined) {
        kill("SIGKILL")
        process.exit(128 + constants.signals[ended])
      }
      resolve({ ok: code === 0, code, output: Buffer.concat(output).toString() })
    }
    child.on("close", end)
    child.on("error", (error) => {
      output.push(Buffer.from(`${program}: ${error.message}\n`))
      end(127)
    })
  })
