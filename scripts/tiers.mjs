// The tiers of tests, which are vitest's projects: what each needs of the machine, and how one is run.
import { readFileSync } from "node:fs"
import { staticBusybox } from "../docker/busybox-root.mjs"
import { findProgram } from "../docker/machine-root.mjs"
import { Skipped } from "./steps.mjs"
import { runVitest } from "./vitest.mjs"

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

/** Throws why these tiers cannot run on this machine, when that is so. */
const checkMachine = (tiers, bin) => {
  // Another Node.js is mounted over this one.
  const checks = [...tiers.flatMap((tier) => needs[tier]), ...(bin === undefined ? [] : [asRoot])]
  for (const check of checks) {
    const problem = check()
    if (problem !== undefined) throw new Skipped(problem)
  }
}

const sum = (results, count) => results.reduce((total, result) => total + count(result), 0)

/**
 * Runs the tests of some tiers and counts them; for the options see `runVitest`.
 *
 * With `again`, a file that fails is run once more, alone: it counts as it ended then, and what failed only at first is
 * `flaky`.
 */
export const runTiers = async (tiers, { again = false, ...options }) => {
  checkMachine(tiers, options.bin)
  const results = []
  const flaky = []
  for (const result of await runVitest({ ...options, projects: tiers })) {
    if (!again || result.failures.length === 0) {
      results.push(result)
      continue
    }
    console.log(`\n-- once more, alone: ${result.file}`)
    const [alone] = await runVitest({ ...options, projects: tiers, files: [result.file] })
    results.push(alone)
    if (alone.failures.length === 0) flaky.push(...result.failures.map(({ name }) => name))
  }
  return {
    passed: sum(results, ({ passed }) => passed),
    failed: sum(results, ({ failures }) => failures.length),
    skipped: sum(results, ({ skipped }) => skipped),
    failures: results.flatMap(({ failures }) => failures),
    flaky
  }
}
