// What `agent chroot-exec` costs beside Node's own start, and where that goes.
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeBusyboxRoot, staticBusybox } from "../docker/busybox-root.mjs"
import { findProgram } from "../docker/machine-root.mjs"

const repository = join(import.meta.dirname, "..")
const cli = join(repository, "packages/cli")
const agent = join(repository, "node_modules/.bin/agent")

export const title = "agent chroot-exec of /bin/true"

/** The bundle where it finds no code cache beside it. */
const withoutCache = (directory) => {
  const copy = join(directory, "copy")
  mkdirSync(join(copy, "bin"), { recursive: true })
  copyFileSync(join(cli, "bin/agent.cjs"), join(copy, "bin/agent.cjs"))
  symlinkSync(join(cli, "node_modules"), join(copy, "node_modules"))
  return join(copy, "bin/agent.cjs")
}

/** In a busybox root as root, `local` otherwise. */
const placeOfStep = (directory) => {
  if (process.getuid() !== 0 || staticBusybox() === undefined) return "local"
  const root = join(directory, "root")
  makeBusyboxRoot(root)
  return root
}

export const prepare = (directory) => {
  if (!existsSync(agent)) throw new Error("agent is not built: npm run build")
  const place = placeOfStep(directory)
  const control = join(directory, "control.json")
  writeFileSync(control, JSON.stringify({ cmd: ["/bin/true"], no_chmod: false, env: {}, copy_dir: "/" }))
  const main = `agent chroot-exec (${place === "local" ? place : "busybox root"})`
  const bundle = join(cli, "bin/agent.cjs")
  const chroot = findProgram("chroot")
  return {
    baseline: "node -e 0",
    bounds: { [main]: 4 },
    subjects: {
      "node -e 0": ["node", "-e", "0"],
      [main]: [agent, "chroot-exec", control, place],
      "without the launcher": ["node", bundle, "chroot-exec", control, place],
      "without launcher and code cache": ["node", withoutCache(directory), "chroot-exec", control, place],
      "with an option, so with the parser": [agent, "chroot-exec", "--log-level", "info", control, place],
      ...(place === "local" || chroot === undefined ? {} : { "chroot(8)": [chroot, place, "/bin/true"] })
    }
  }
}
