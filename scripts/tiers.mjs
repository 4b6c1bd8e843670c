// The tiers of tests, which are vitest's projects: what each needs of the machine, and how one is run.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { join, relative } from "node:path"
import { staticBusybox } from "../docker/busybox-root.mjs"
import { findProgram } from "../docker/machine-root.mjs"
import { root, run } from "./run.mjs"
import { Failed, Skipped } from "./steps.mjs"

const CAP_SYS_CHROOT = 18n

const effectiveCapabilities = () =>
  BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`)

const onLinux = () => process.platform === "linux" ? undefined : `needs Linux, this is ${process.platform}`

const asRoot = () => {
  if (process.getuid() !== 0) return "needs root"
  return effectiveCapabilities() >> CAP_SYS_CHROOT & 1n ? undefined : "needs CAP_SYS_CHROOT"
}

const withTools = () => {
  const missing = ["capsh", "chattr", "dockerd", "groff", "man", "openssl", "perl", "strace"].filter((name) =>
    findProgram(name) === undefined
  )
  if (staticBusybox() === undefined) missing.unshift("a static busybox")
  return missing.length === 0 ? undefined : `needs ${missing.join(", ")}`
}

const needs = {
  unit: [],
  recorder: [],
  process: [onLinux],
  root: [onLinux, asRoot, withTools]
}

export const tiers = Object.keys(needs)

/** Why a tier cannot run on this machine; undefined when it can. */
const obstacle = (tier) => {
  for (const check of needs[tier]) {
    const problem = check()
    if (problem !== undefined) return problem
  }
}

/** What failed in a file of vitest's JSON report, each as a name and a message; one that does not load is a failure. */
const failuresOf = ({ assertionResults, message, name, status }) => {
  const file = relative(root, name)
  const failed = assertionResults.filter((test) => test.status === "failed")
  if (failed.length === 0) return status === "failed" ? [{ name: file, message }] : []
  return failed.map((test) => ({
    name: `${file} > ${test.fullName}`,
    message: test.failureMessages.join("\n")
  }))
}

/** How many tests of vitest's JSON report passed, failed, were skipped, and which failed. */
const testsOf = (file) => {
  const report = JSON.parse(readFileSync(file, "utf8"))
  const failures = report.testResults.flatMap(failuresOf)
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures
  }
}

const vitest = join(root, "node_modules/vitest/vitest.mjs")

/**
 * A command that runs in a mount namespace of its own, where another Node.js is in the place of the machine's: so
 * every agent that a test starts runs with it, whatever PATH the test is about.
 */
const inPlaceOfNode = (bin) => [
  "unshare",
  "--mount",
  "--propagation",
  "private",
  "sh",
  "-c",
  "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"",
  "sh",
  join(bin, "node"),
  realpathSync(process.execPath)
]

/** A directory for the temporary files of a tier, as open as the system's own. */
const makeScratch = (temporary) => {
  const scratch = join(temporary, "tmp")
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch)
  chmodSync(scratch, 0o1777)
  return scratch
}

/**
 * Runs a tier and counts its tests. What it leaves behind is a failure. `bin` is the directory of another Node.js to
 * use; `blobs` is one for
 * what `reportCoverage` needs.
 */
export const runTier = async (tier, { bin, blobs, temporary }) => {
  const problem = obstacle(tier) ?? (bin === undefined ? undefined : asRoot())
  if (problem !== undefined) throw new Skipped(problem)
  const report = join(temporary, "report.json")
  rmSync(report, { force: true })
  const scratch = makeScratch(temporary)
  const [program, ...before] = [...(bin === undefined ? [] : inPlaceOfNode(bin)), process.execPath]
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  const coverage = blobs === undefined
    ? []
    : [
      "--coverage",
      "--coverage.reporter=none",
      "--reporter=blob",
      `--outputFile.blob=${join(blobs, `${tier}.json`)}`
    ]
  const { ok } = await run(
    program,
    [...before, vitest, "run", "--project", tier, ...reporters, ...coverage],
    {
      env: { ...process.env, TMPDIR: scratch }
    }
  )
  if (!existsSync(report)) throw new Failed("vitest failed, see above")
  const tests = testsOf(report)
  // Such as an error that no test caught.
  if (!ok && tests.failed === 0) throw new Failed("vitest failed, see above")
  const left = readdirSync(scratch)
  if (left.length > 0 && tests.failed === 0) throw new Failed(`left behind in TMPDIR: ${left.join(", ")}`)
  return tests
}

/** What the tiers covered together. */
export const reportCoverage = async ({ blobs, temporary }) => {
  const directory = join(temporary, "coverage")
  await run(process.execPath, [
    vitest,
    "run",
    `--merge-reports=${blobs}`,
    "--reporter=json",
    `--outputFile.json=${join(temporary, "merged.json")}`,
    "--coverage",
    "--coverage.reporter=text-summary",
    "--coverage.reporter=json-summary",
    `--coverage.reportsDirectory=${directory}`
  ])
  // vitest's status only repeats that a test has failed.
  if (!existsSync(join(directory, "coverage-summary.json"))) throw new Failed("no coverage, see above")
}
