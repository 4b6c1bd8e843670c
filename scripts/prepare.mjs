// What tests need before the first one runs.
import { join } from "node:path"
import { canInstall, installDebianPackages } from "./debian.mjs"
import { root, run } from "./run.mjs"
import { setup } from "./setup.mjs"
import { Failed } from "./steps.mjs"

/** Runs a program; a status that is not 0 is the step's failure. */
export const runOrFail = async (program, args, options) => {
  const { ok } = await run(program, args, options)
  if (!ok) throw new Failed("see above")
}

/** Runs a program of the project in Node.js. */
export const runNode = (path, args = [], options = {}) =>
  runOrFail(process.execPath, [join(root, path), ...args], options)

const dependencies = async () => {
  try {
    console.log(await setup())
  } catch (error) {
    throw new Failed(error.message)
  }
}

/** Installs what is missing; tells whether the project's packages are there. */
export const install = async (step) => {
  if (!await step("dependencies", dependencies)) return false
  if (canInstall()) await step("Debian packages", installDebianPackages)
  return true
}

export const build = (step) => step("build", () => runNode("scripts/build.mjs"))
