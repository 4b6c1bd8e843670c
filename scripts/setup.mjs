// The packages that the project needs, installed as the lock file says; nothing to do when that was done before.
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { pnpm } from "./pnpm.mjs"
import { root } from "./run.mjs"

const stamp = join(root, "node_modules/.cache/setup")

/** What the installation depends on. */
const state = () => {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`)
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) hash.update(readFileSync(join(root, file)))
  return hash.digest("hex")
}

/** Installs what is missing. Throws an error whose message is for the user. */
export const setup = async () => {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === state()) return "up to date"
  // Gone until everything is there: an interrupted installation is begun again.
  rmSync(stamp, { force: true })
  const packageManager = await pnpm("install", "--frozen-lockfile", "--prefer-offline")
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, state())
  return `installed by ${packageManager}`
}
