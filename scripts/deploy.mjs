// Builds agent and copies it, with the packages that it needs when it runs, to a new directory:
//
//     node scripts/deploy.mjs <directory>
//
// docker/agent.Dockerfile makes its image of that.
import "./node-floor.mjs"
import { existsSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import { pnpm } from "./pnpm.mjs"
import { root, run } from "./run.mjs"
import { setup } from "./setup.mjs"

const deploy = async (directory) => {
  await setup()
  const { ok } = await run(process.execPath, [join(root, "scripts/build.mjs")])
  if (!ok) throw new Error("The build failed, see above")
  // --legacy: without it pnpm wants all workspace packages copied into each other in everyday work, too.
  await pnpm("--filter", "@chroot-exec/cli", "deploy", "--legacy", "--prod", "--prefer-offline", directory)
  const launcher = `agent-${process.platform}-${process.arch}`
  symlinkSync(
    existsSync(join(directory, "bin", launcher)) ? launcher : "agent.cjs",
    join(directory, "bin/agent")
  )
}

const [directory] = process.argv.slice(2)
try {
  if (directory === undefined) throw new Error("usage: node scripts/deploy.mjs <directory>")
  await deploy(resolve(directory))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
