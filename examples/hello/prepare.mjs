// Makes the place where the example's step runs, and prints how to run it:
//
//     node examples/hello/prepare.mjs <directory>            a root: needs root privileges to be entered
//     node examples/hello/prepare.mjs --local <directory>    for `local`: needs none
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join, resolve } from "node:path"
import { makeBusyboxRoot, staticBusybox } from "../../docker/busybox-root.mjs"
import { makeMachineRoot } from "../../docker/machine-root.mjs"

const here = import.meta.dirname

const commandLine = (controlFile, chrootDir) =>
  [
    `env -i PATH="$PATH" GREETING="Hello from the container" FROM="the container" OUTSIDE="$PWD/package.json" \\`,
    `    node_modules/.bin/agent chroot-exec ${controlFile} ${chrootDir}`
  ].join("\n")

/** A root with the step and with an `env` that is ours. */
const prepareRoot = (directory) => {
  if (staticBusybox() === undefined) makeMachineRoot(directory, ["sh", "cat", "env"])
  else makeBusyboxRoot(directory)
  for (const path of ["etc", "hello", "usr/bin", "usr/libexec"]) {
    mkdirSync(join(directory, path), { recursive: true })
  }
  renameSync(join(directory, "bin/env"), join(directory, "usr/libexec/env"))
  copyFileSync(join(here, "env.sh"), join(directory, "bin/env"))
  chmodSync(join(directory, "bin/env"), 0o755)
  rmSync(join(directory, "usr/bin/env"), { force: true })
  symlinkSync("/bin/env", join(directory, "usr/bin/env"))
  writeFileSync(join(directory, "etc/hello-root"), "its own\n")
  copyFileSync(join(here, "step.sh"), join(directory, "hello/step.sh"))
  return commandLine("examples/hello/control.json", directory)
}

/** The step, and the control file with a copy_dir of this machine. */
const prepareLocal = (directory) => {
  mkdirSync(directory, { recursive: true })
  const control = JSON.parse(readFileSync(join(here, "control.json"), "utf8"))
  writeFileSync(join(directory, "control.json"), JSON.stringify({ ...control, copy_dir: directory }))
  copyFileSync(join(here, "step.sh"), join(directory, "step.sh"))
  return commandLine(join(directory, "control.json"), "local")
}

/** Prepares a directory that is new or empty, and gives the command line for the repository's root. */
export const prepare = (directory, { local }) => (local ? prepareLocal : prepareRoot)(resolve(directory))

if (process.argv[1] === import.meta.filename) {
  const local = process.argv[2] === "--local"
  const directory = process.argv[local ? 3 : 2]
  if (directory === undefined) {
    console.error("usage: node examples/hello/prepare.mjs [--local] <directory>")
    process.exit(1)
  }
  console.log(prepare(directory, { local }))
}
