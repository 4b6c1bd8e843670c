// The steps of `npm test`: each has a heading, a time and a result, and none stops the others.

/** Thrown by a step that cannot run on this machine; the message says why. */
export class Skipped extends Error {}

/** Thrown by a step that failed; the message says what to look at. */
export class Failed extends Error {}

const passedOne = { passed: 1, failed: 0, skipped: 0 }
const failedOne = { passed: 0, failed: 1, skipped: 0 }
const skippedOne = { passed: 0, failed: 0, skipped: 1 }

/** Enough of a message to know what it is about. */
const beginning = (message) => message.split("\n").slice(0, 12).map((line) => `    ${line}`).join("\n")

const counts = ({ failed, passed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`

/** Without colours where nobody looks. */
const painted = (code, text) => process.stdout.isTTY ? `\u001B[${code}m${text}\u001B[0m` : text

const labels = {
  passed: painted(32, "passed "),
  failed: painted(31, "failed "),
  skipped: painted(33, "skipped")
}

/**
 * Runs steps and keeps their results. With `strict`, a step that is skipped has failed.
 *
 * A step passes by returning, with how many tests it had (`{ passed, failed, skipped }`) when it had any, as `failures`
 * the name and the message of each that failed, and as `flaky` the names of those that did so only at first.
 */
export const makeSteps = ({ strict }) => {
  const results = []

  const perform = async (action) => {
    try {
      const tests = await action()
      if (tests === undefined) return { outcome: "passed", tests: passedOne, note: "" }
      return { outcome: tests.failed === 0 ? "passed" : "failed", tests, note: counts(tests) }
    } catch (error) {
      const skipped = error instanceof Skipped && !strict
      const note = error instanceof Skipped || error instanceof Failed ? error.message : error.stack
      return { outcome: skipped ? "skipped" : "failed", tests: skipped ? skippedOne : failedOne, note }
    }
  }

  const step = async (name, action) => {
    console.log(`\n${painted(1, `== ${name}`)}`)
    const started = performance.now()
    const result = await perform(action)
    const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`
    results.push({ ...result, name, seconds })
    console.log(`-- ${name}: ${result.outcome} (${seconds})${result.note === "" ? "" : `: ${result.note}`}`)
    return result.outcome === "passed"
  }

  /** Again what failed, where it is found: a log that is cut keeps its end. */
  const printFailures = () => {
    for (const { name, tests } of results) {
      for (const failure of tests.failures ?? []) {
        console.log(`\n${labels.failed}  ${name}: ${failure.name}\n${beginning(failure.message)}`)
      }
    }
  }

  /** What failed at first, and not when it was run alone. */
  const printFlaky = () => {
    for (const { tests } of results) for (const name of tests.flaky ?? []) console.log(`flaky: ${name}`)
  }

  /** Prints what happened, the total last, and tells whether nothing failed. */
  const summary = () => {
    printFailures()
    console.log(`\n${painted(1, "== Summary")}`)
    const width = Math.max(...results.map(({ name }) => name.length))
    for (const { name, note, outcome, seconds } of results) {
      console.log(`${labels[outcome]}  ${name.padEnd(width)}  ${seconds.padStart(7)}  ${note}`.trimEnd())
    }
    const total = { passed: 0, failed: 0, skipped: 0 }
    for (const { tests } of results) for (const key of Object.keys(total)) total[key] += tests[key]
    console.log("")
    printFlaky()
    console.log(counts(total))
    return total.failed === 0
  }

  return { step, summary }
}
