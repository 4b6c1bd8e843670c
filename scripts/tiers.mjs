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

const count = (results, flaky) => ({
  passed: sum(results, ({ passed }) => passed),
  failed: sum(results, ({ failures }) => failures.length),
  skipped: sum(results, ({ skipped }) => skipped),
  failures: results.flatMap(({ failures }) => failures),
  flaky
})

/**
 * Counts the tests of some files. One that failed is run once more with `runAlone`: it counts as it ended then, and what
 * failed only at first is `flaky`.
 */
export const settle = async (results, runAlone) => {
  const settled = []
  const flaky = []
  for (const result of results) {
    const last = result.failures.length === 0 ? result : await runAlone(result.file)
    settled.push(last)
    if (last.failures.length === 0) flaky.push(...result.failures.map(({ name }) => name))
  }
  return count(settled, flaky)
}

/** Runs the tests of some tiers and counts them; for the options see `runVitest`. With `again`, they are settled. */
export const runTiers = async (tiers, { again = false, ...options }) => {
  checkMachine(tiers, options.bin)
  const results = await runVitest({ ...options, projects: tiers })
  if (!again) return count(results, [])
  return settle(results, async (file) => {
    console.log(`\n-- once more, alone: ${file}`)
    const [result] = await runVitest({ ...options, projects: tiers, files: [file] })
    return result
  })
}
