// Other versions of Node.js, from the npm registry, for tests and benchmarks.
import { execFileSync } from "node:child_process"
import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { root, run } from "./run.mjs"
import { Skipped } from "./steps.mjs"
import { temporaryDirectory } from "./temporary.mjs"

/** The oldest that is supported, and the newest of the later majors. */
export const nodeVersions = ["20.19.0", "22.23.3", "24.21.0"]

const works = (node, version) => {
  try {
    return execFileSync(node, ["--version"], { encoding: "utf8", stdio: "pipe" }).trim() === `v${version}`
  } catch {
    // Not there, or for another C library.
    return false
  }
}

/**
 * The directory of that version's `node`, installed when it is not there yet. npm checks the package against the
 * registry's hash, and runs none of its scripts. Throws `Skipped` where it cannot be had.
 */
export const nodeDirectory = async (version) => {
  const target = join(root, "node_modules/.cache/node", version)
  if (works(join(target, "node"), version)) return target
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    throw new Skipped(`there is no package of Node.js ${version} for ${process.platform} on ${process.arch}`)
  }
  mkdirSync(dirname(target), { recursive: true })
  const directory = temporaryDirectory(dirname(target))
  // A package.json of its own: npm would go up to the project's. Not --prefix, which hides npm's own settings.
  writeFileSync(join(directory, "package.json"), "{}")
  const name = `node-linux-${process.arch}`
  const options = [
    "--ignore-scripts",
    "--no-save",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--prefer-offline"
  ]
  const { ok } = await run("npm", ["install", ...options, `${name}@${version}`], {
    cwd: directory,
    quiet: true
  })
  if (!ok) throw new Skipped(`npm cannot install ${name}@${version}`)
  // The program alone: the headers beside it are another 60 MB.
  rmSync(target, { recursive: true, force: true })
  renameSync(join(directory, "node_modules", name, "bin"), target)
  rmSync(directory, { recursive: true })
  if (!works(join(target, "node"), version)) {
    throw new Skipped(`${name}@${version} does not run on this system`)
  }
  return target
}

/**
 * A command that runs in a mount namespace of its own, where another Node.js is in the place of the machine's: so
 * every agent that a test starts runs with it, whatever PATH the test is about.
 */
export const inPlaceOfNode = (bin) => [
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
