// Runs the example's step through the built agent: in a root of its own where that may be, `local` otherwise.
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { root } from "../../scripts/run.mjs"
import { temporaryDirectory } from "../../scripts/temporary.mjs"
import { prepare } from "./prepare.mjs"

// By a shell, so that what runs is what a newcomer types.
const execute = (command, stdio) =>
  spawnSync("/bin/sh", ["-c", command], { cwd: root, stdio, encoding: "utf8" })

/** Prepares a root and tries the step there; where that fails, the reason comes with what to run instead. */
const choose = (directory) => {
  try {
    const command = prepare(join(directory, "root"), { local: false })
    const { status, stderr } = execute(command, ["ignore", "ignore", "pipe"])
    if (status === 0) return { command, options: "" }
    throw new Error(stderr.trim())
  } catch (error) {
    const command = prepare(join(directory, "local"), { local: true })
    return { command, options: "--local ", problem: error.message }
  }
}

const { command, options, problem } = choose(temporaryDirectory())
if (problem !== undefined) {
  console.log(`Here the step gets no root of its own, it runs \`local\`:\n${problem}\n`)
}

console.log(`$ cd ${root}\n$ ${command}\n`)
const { status } = execute(command, "inherit")
console.log(`
agent became the step, and the step exited with ${status}. GREETING came from the container and was overwritten by
the control file; FROM came from the container; ROOT is for the root's own \`env\` to add. The files are removed
now. This makes new ones, and prints the command for them:

$ node examples/hello/prepare.mjs ${options}/tmp/hello
`)
process.exitCode = status ?? 1
