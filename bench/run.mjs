// `npm run bench`: every bench/*.bench.mjs, or those named.
//
//     node bench/run.mjs [--runs N] [--json] [NAME...]
//
// The results are printed (`--json`: as JSON) and written to bench/results.json.
import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { temporaryDirectory } from "../scripts/temporary.mjs"
import { environment, measure } from "./measure.mjs"
import { machine, table } from "./report.mjs"

const here = import.meta.dirname
const SUFFIX = ".bench.mjs"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "40" }, json: { type: "boolean", default: false } }
})
const runs = Number(values.runs)
if (!Number.isSafeInteger(runs) || runs < 1) throw new Error("--runs takes a number above 0")

const names = readdirSync(here)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .filter((name) => positionals.length === 0 || positionals.includes(name))
if (names.length === 0) throw new Error(`there is no benchmark ${positionals.join(" ")}`)

/** A module has commands to measure (`prepare`), or measures by itself (`measureAll`). */
const measureCommands = ({ baseline, bounds = {}, subjects }) => ({
  baseline,
  bounds,
  subjects: measure(subjects, { runs, baseline })
})

const results = { machine: machine(environment), runs, benchmarks: {} }
const say = (text) => values.json || console.log(text)
say(`${results.machine}, medians of ${runs} alternating runs`)
for (const name of names) {
  const { measureAll, prepare, title } = await import(`./${name}${SUFFIX}`)
  const directory = temporaryDirectory()
  const result = measureAll === undefined
    ? measureCommands(prepare(directory))
    : await measureAll(directory, { runs })
  results.benchmarks[name] = result
  say(`\n${title}\n\n${table(result.subjects, result)}`)
  for (const note of result.notes ?? []) say(note)
}
const json = `${JSON.stringify(results, null, 2)}\n`
writeFileSync(join(here, "results.json"), json)
if (values.json) process.stdout.write(json)
