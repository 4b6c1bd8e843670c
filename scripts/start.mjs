// `npm start`: installs what is missing, builds, and runs the example of examples/hello.
import "./node-floor.mjs"
import { join } from "node:path"
import { root, run } from "./run.mjs"
import { setup } from "./setup.mjs"

const step = async (title, action) => {
  console.log(`\n== ${title}`)
  const started = performance.now()
  const note = await action()
  console.log(`   ${note} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}

const build = async () => {
  const { ok } = await run(process.execPath, [join(root, "scripts/build.mjs")])
  if (!ok) throw new Error("The build failed, see above")
  return "node_modules/.bin/agent"
}

try {
  await step("Dependencies", setup)
  await step("Build", build)
  console.log("\n== A step, run by agent\n")
  const { code } = await run(process.execPath, [join(root, "examples/hello/run.mjs")])
  process.exitCode = code
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
