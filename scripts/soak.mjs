// `npm run test:soak [-- STEP...]`: what takes too long for every change, all of it or the steps that are named.
// docs/testing.md says what each is and how long it takes. Nothing is run a second time here.
import "./node-floor.mjs"
import { spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { nodeDirectory, nodeVersions } from "./node-versions.mjs"
import { build, install, runNode } from "./prepare.mjs"
import { makeSteps } from "./steps.mjs"
import { temporaryDirectory } from "./temporary.mjs"
import { runTiers } from "./tiers.mjs"
import { coverageInto, reportCoverage } from "./vitest.mjs"

const REPEATS = 1000
const LOADED_RUNS = 10
const TEXTS = 10_000_000

const { step, summary } = makeSteps({ strict: process.env.CI === "true" })

/** Every test, and what they cover together. */
const coverage = async (temporary) => {
  const blobs = join(temporary, "blobs")
  mkdirSync(blobs)
  for (const tier of ["unit", "recorder", "process", "root"]) {
    const more = coverageInto(blobs, tier)
    await step(`coverage: ${tier}`, () => runTiers([tier], { more, soak: true, temporary }))
  }
  await step("coverage", () => reportCoverage({ blobs, temporary }))
}

/** Every test on every other Node.js. */
const nodes = async (temporary) => {
  for (const version of nodeVersions) {
    for (const tier of ["unit", "recorder", "process", "root"]) {
      await step(
        `nodes: ${version}, ${tier}`,
        async () => runTiers([tier], { bin: await nodeDirectory(version), soak: true, temporary })
      )
    }
  }
}

/** What may go wrong once in a thousand times, a thousand times. */
const races = (temporary) =>
  step(`races, ${REPEATS} times`, () => {
    process.env.REPEATS = String(REPEATS)
    return runTiers(["process", "root"], {
      config: "vitest.repeat.config.ts",
      minutes: 120,
      soak: true,
      tag: "race",
      temporary
    })
  })

/** The tiers that run processes, again and again, with a busy loop for each processor beside them. */
const load = async (temporary) => {
  const loops = Array.from(
    { length: availableParallelism() },
    // As long as we are there, however we end.
    () => spawn("sh", ["-c", "while kill -0 $PPID; do :; done"], { stdio: "ignore" })
  )
  const end = () => loops.forEach((loop) => loop.kill("SIGKILL"))
  process.on("exit", end)
  for (let run = 1; run <= LOADED_RUNS; run++) {
    await step(`load: run ${run}`, () => runTiers(["process", "root"], { minutes: 60, temporary }))
  }
  end()
}

/** Arbitrary control files. */
const fuzz = () => step("fuzz", () => runNode("scripts/fuzz.mjs", ["--runs", String(TEXTS)], { minutes: 60 }))

const everything = { coverage, nodes, races, load, fuzz }

const named = parseArgs({ allowPositionals: true }).positionals
const unknown = named.filter((name) => !Object.hasOwn(everything, name))
if (unknown.length > 0) {
  console.error(`soak: no step ${unknown.join(", ")}; there are ${Object.keys(everything).join(", ")}`)
  process.exit(2)
}
if (await install(step) && await build(step)) {
  const temporary = temporaryDirectory()
  for (const [name, run] of Object.entries(everything)) {
    if (named.length === 0 || named.includes(name)) await run(temporary)
  }
}
process.exitCode = summary() ? 0 : 1
