// Imported first by what a newcomer runs, and written for any Node.js with modules: ends the process in one line
// where Node.js is too old, before anything is used that an old one does not have.
import { readFileSync } from "node:fs"

const floor = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).engines.node
const [major, minor] = floor.replace(">=", "").split(".").map(Number)
const [ownMajor, ownMinor] = process.versions.node.split(".").map(Number)

if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  console.error(`Node.js ${floor} is needed, this is ${process.versions.node}: see https://nodejs.org`)
  process.exit(1)
}
