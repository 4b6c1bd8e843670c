// How long commands take, from before they are started until they have ended.
import { spawnSync } from "node:child_process"

/** Nothing else: NODE_EXTRA_CA_CERTS alone costs Node some 45 ms. */
export const environment = { PATH: process.env.PATH, HOME: process.env.HOME }

const WARM_UP = 3

const milliseconds = ([program, ...args], status) => {
  const started = performance.now()
  const result = spawnSync(program, args, { env: environment, stdio: "ignore" })
  const elapsed = performance.now() - started
  // One that fails early is fast.
  if (result.status !== status) {
    throw new Error(`${program} ${args.join(" ")}: ${result.signal ?? `exit status ${result.status}`}`, {
      cause: result.error
    })
  }
  return elapsed
}

const median = (sorted) => {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Times in milliseconds by name as rows of a table; the ratio is that to the median of the baseline. */
const summarize = (times, baseline) => {
  for (const list of Object.values(times)) list.sort((a, b) => a - b)
  const unit = median(times[baseline])
  return Object.fromEntries(
    Object.entries(times).map(([name, list]) => [
      name,
      { median: median(list), ratio: median(list) / unit, min: list[0], max: list.at(-1) }
    ])
  )
}

/**
 * Measures asynchronous functions by turns, `{ name: () => promise }`, as `measure` does with commands. A turn is
 * `block` calls of the same one, after one fewer that do not count: what the one before has left behind is not its own.
 */
export const measureCalls = async (subjects, { baseline, block = 1, runs }) => {
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]))
  for (let round = -WARM_UP; round < runs / block; round++) {
    for (const [name, call] of Object.entries(subjects)) {
      for (let turn = 1 - block; turn < block; turn++) {
        const started = performance.now()
        await call()
        const elapsed = performance.now() - started
        if (round >= 0 && turn >= 0) times[name].push(elapsed)
      }
    }
  }
  return summarize(times, baseline)
}

/**
 * Measures commands, `{ name: argv }`, by turns, so that whatever slows the machine down slows all of them down.
 * The ratio is that to the median of the baseline.
 */
export const measure = (subjects, { baseline, runs, status = 0 }) => {
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]))
  for (let round = -WARM_UP; round < runs; round++) {
    for (const [name, argv] of Object.entries(subjects)) {
      const elapsed = milliseconds(argv, status)
      if (round >= 0) times[name].push(elapsed)
    }
  }
  return summarize(times, baseline)
}
