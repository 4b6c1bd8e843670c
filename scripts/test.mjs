// `npm test`: installs what is missing and runs every check that a change needs. The last line counts the tests, and each
// step that has none as one; before it, `flaky: FILE > TEST` names what failed at first and not when it was run alone.
// What takes too long for every change is in soak.mjs.
import "./node-floor.mjs"
import { join } from "node:path"
import { nodeDirectory, nodeVersions } from "./node-versions.mjs"
import { build, install, runNode, runOrFail } from "./prepare.mjs"
import { makeSteps } from "./steps.mjs"
import { temporaryDirectory } from "./temporary.mjs"
import { runTiers } from "./tiers.mjs"

const { step, summary } = makeSteps({ strict: process.env.CI === "true" })

/** What docker/agent.Dockerfile makes its image of, made and started. */
const deployment = async (directory) => {
  await runNode("scripts/deploy.mjs", [directory])
  await runOrFail(join(directory, "bin/agent"), ["--version"])
}

const everything = async () => {
  const temporary = temporaryDirectory()
  await step("types", () => runNode("node_modules/typescript/bin/tsc", ["-b"]))
  for (const lint of ["code", "format", "imports", "unused", "tests"]) {
    await step(`lint: ${lint}`, () => runOrFail("npm", ["run", "--silent", `lint:${lint}`]))
  }
  await step("native programs", () => runNode("scripts/native.mjs", ["--check"]))
  await build(step)
  // These share nothing that one could spoil for another one.
  await step(
    "tests: unit, recorder",
    () => runTiers(["unit", "recorder"], { more: ["--no-isolate"], temporary })
  )
  for (const tier of ["process", "root"]) {
    await step(`tests: ${tier}`, () => runTiers([tier], { again: true, temporary }))
  }
  for (const version of nodeVersions) {
    await step(`tests: Node ${version}`, async () =>
      runTiers(["unit", "process", "root"], {
        again: true,
        bin: await nodeDirectory(version),
        tag: "node",
        temporary
      }))
  }
  await step("deployment", () => deployment(join(temporary, "agent")))
}

if (await install(step)) await everything()
process.exitCode = summary() ? 0 : 1
