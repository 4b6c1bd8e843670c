// `node scripts/mutate.mjs [PACKAGE...]`: changes one thing at a time in code that has unit and recorder tests, and
// expects one of them to fail. What survives is without a test, or is explained in scripts/mutants/.
import "./node-floor.mjs"
import { Stryker } from "@stryker-mutator/core"
import { join } from "node:path"
import { compare, judge, readExplained } from "./mutants.mjs"
import { root } from "./run.mjs"
import { temporaryDirectory } from "./temporary.mjs"

/** What is pure, or carried out against a recorder. The rest is for the process and root tiers. */
const mutated = {
  core: ["**/*.ts"],
  sys: [
    "**/*.ts",
    "!LibcLive.ts",
    "!testing.ts",
    "!internal/{bindings,capture,constants,koffi,memory,simulated,watch}.ts",
    "!internal/live/**"
  ],
  runner: [
    "{LineLabeler,LogName,Step,StepEvents,StepResult}.ts",
    "internal/{lines,supervisorMessage}.ts"
  ],
  sandbox: [
    "{ByteSize,ContainerPath,Demultiplexer,ImageReference,InputTar,Isolation,Job,Layout}.ts",
    "{Limits,Mount,Requests,Result}.ts",
    "internal/{expiry,mounts,pathStat,tar,version}.ts"
  ],
  jail: ["{JailConfig,JailWrap,PrivMode}.ts", "internal/jailNames.ts"],
  cli: [
    "agent/{Help,ManPage,Sections,Usage}.ts",
    "run-step/RunStepReport.ts",
    "sandbox/{SandboxInput,SandboxReport}.ts",
    "shared/{AgentError,Argv,Grammar,LiveLine,OptionValues,Signals}.ts"
  ]
}

const within = (name) => (pattern) =>
  pattern.startsWith("!") ? `!packages/${name}/src/${pattern.slice(1)}` : `packages/${name}/src/${pattern}`

const mutate = (name, temporary) => {
  process.env.MUTATED_PACKAGE = name
  return new Stryker({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "vitest.mutate.config.ts" },
    mutate: mutated[name].map(within(name)),
    coverageAnalysis: "perTest",
    // One is tried after a load of all modules and takes all tests: values of modules have the types to check them.
    ignoreStatic: true,
    reporters: ["progress-append-only"],
    tempDirName: join(temporary, "stryker"),
    ignorePatterns: ["bench", "docs", "docker", "dist", "packages/cli/bin"],
    allowConsoleColors: false
  }).runMutationTest()
}

const show = (title, mutants) => {
  for (const mutant of mutants) console.error(`${title}: ${JSON.stringify(mutant)}`)
}

process.chdir(root)
const named = process.argv.slice(2)
const unknown = named.filter((name) => !Object.hasOwn(mutated, name))
if (unknown.length > 0) {
  console.error(`mutate: no package ${unknown.join(", ")}; there are ${Object.keys(mutated).join(", ")}`)
  process.exit(2)
}

const temporary = temporaryDirectory()
const scores = []
for (const name of named.length === 0 ? Object.keys(mutated) : named) {
  const { score, survivors, tried } = judge(await mutate(name, temporary))
  const { unexplained, vanished } = compare(survivors, readExplained(name))
  show("survived, and is not explained", unexplained)
  show("explained, and has not survived", vanished)
  if (unexplained.length + vanished.length > 0) process.exitCode = 1
  scores.push(`${name}: ${score.toFixed(1)} % of ${tried} mutants`)
}
console.log(scores.join("\n"))
