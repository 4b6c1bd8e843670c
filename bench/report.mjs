// The results as text.
import { execFileSync } from "node:child_process"
import { arch, cpus, release, type } from "node:os"

const HEADINGS = ["", "median ms", "ratio", "min", "max", ""]

const rows = (measured, bounds) =>
  Object.entries(measured).map(([name, { max, median, min, ratio }]) => [
    name,
    median.toFixed(1),
    ratio.toFixed(2),
    min.toFixed(1),
    max.toFixed(1),
    bounds[name] === undefined ? "" : `to be under ${bounds[name].toFixed(1)}`
  ])

/** A line for each command; `bounds` are printed, not asserted: they hold for a quiet machine. */
export const table = (measured, { baseline, bounds }) => {
  const lines = [
    HEADINGS.map((heading) => heading === "ratio" ? `to ${baseline}` : heading),
    ...rows(measured, bounds)
  ]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const cell = (text, column) => column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column])
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n")
}

/** Where this was measured, as far as it matters for the comparison. */
export const machine = (environment) => {
  const node = execFileSync("node", ["--version"], { env: environment, encoding: "utf8" }).trim()
  return `Node ${node}, ${type()} ${release()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`
}
