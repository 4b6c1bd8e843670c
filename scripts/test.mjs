// `npm test`: installs what is missing and runs every check there is. The last line counts the tests, and each step
// that has none as one.
import "./node-floor.mjs"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { canInstall, installDebianPackages } from "./debian.mjs"
import { nodeDirectory, nodeVersions } from "./node-versions.mjs"
import { root, run } from "./run.mjs"
import { setup } from "./setup.mjs"
import { Failed, makeSteps } from "./steps.mjs"
import { temporaryDirectory } from "./temporary.mjs"
import { reportCoverage, runTier, tiers } from "./tiers.mjs"

const { step, summary } = makeSteps({ strict: process.env.CI === "true" })

const runOrFail = async (program, ...args) => {
  const { ok } = await run(program, args)
  if (!ok) throw new Failed("see above")
}

const node = (path, ...args) => runOrFail(process.execPath, join(root, path), ...args)

const dependencies = async () => {
  try {
    console.log(await setup())
  } catch (error) {
    throw new Failed(error.message)
  }
}

/** What docker/agent.Dockerfile makes its image of, made and started. */
const deployment = async (directory) => {
  await node("scripts/deploy.mjs", directory)
  await runOrFail(join(directory, "bin/agent"), "--version")
}

const everything = async () => {
  const temporary = temporaryDirectory()
  const blobs = join(temporary, "blobs")
  mkdirSync(blobs)

  await step("types", () => node("node_modules/typescript/bin/tsc", "-b"))
  for (const lint of ["code", "format", "imports", "unused"]) {
    await step(`lint: ${lint}`, () => runOrFail("npm", "run", "--silent", `lint:${lint}`))
  }
  await step("native programs", () => node("scripts/native.mjs", "--check"))
  await step("build", () => node("scripts/build.mjs"))
  for (const tier of tiers) await step(`tests: ${tier}`, () => runTier(tier, { blobs, temporary }))
  await step("coverage", () => reportCoverage({ blobs, temporary }))
  await step("deployment", () => deployment(join(temporary, "agent")))
  for (const version of nodeVersions) {
    for (const tier of ["process", "root"]) {
      await step(
        `tests: ${tier}, Node ${version}`,
        async () => runTier(tier, { bin: await nodeDirectory(version), temporary })
      )
    }
  }
}

if (await step("dependencies", dependencies)) {
  if (canInstall()) await step("Debian packages", installDebianPackages)
  await everything()
}
process.exitCode = summary() ? 0 : 1
