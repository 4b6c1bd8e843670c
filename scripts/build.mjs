// Builds `agent`: one bundled file, its code caches and the native launchers beside it, its manual, and
// node_modules/.bin/agent.
import { build } from "esbuild"
import { createHash } from "node:crypto"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { createRequire } from "node:module"
import { basename, join, resolve } from "node:path"
import { Script } from "node:vm"
import { writeCodeCaches } from "./code-cache.mjs"

const root = join(import.meta.dirname, "..")
const cli = join(root, "packages/cli")
const bin = join(cli, "bin")

// effect's logger asks for process.stdout as it loads. That makes the stream, which costs start-up time and sets
// O_NONBLOCK on a pipe that belongs to the step. The agent has a logger of its own.
const withoutStdout = {
  name: "without-process.stdout",
  setup: (builder) =>
    builder.onLoad({ filter: /effect\/dist\/esm\/internal\/logger\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8")
      if (!source.includes("process.stdout")) {
        throw new Error(`${path}: process.stdout is not there to be replaced`)
      }
      return { contents: source.replaceAll("process.stdout", "undefined"), loader: "js" }
    })
}

// The code of `sandbox` is as large as all the rest: only the program that is for it has it.
const withoutSandbox = {
  name: "without-sandbox",
  setup: (builder) =>
    builder.onLoad({ filter: /packages\/cli\/src\/sandbox\/SandboxRun\.ts$/ }, () => ({
      contents:
        "export const run = () => { throw new Error(\"not in this program\") }\nexport const sweepAll = run",
      loader: "js"
    }))
}

/** Bundles a file of packages/cli/src/bin to CommonJS, which Node starts without its asynchronous module loader. */
const bundle = async (entry, { define, plugins = [], ...options } = {}) => {
  const result = await build({
    entryPoints: [resolve(cli, "src/bin", entry)],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    // From source: a bundle needs no earlier tsc.
    conditions: ["source"],
    minify: true,
    legalComments: "none",
    plugins: [withoutStdout, ...plugins],
    logLevel: "warning",
    define: { "import.meta.url": "__filename", ...define },
    ...options
  })
  return result.outputFiles[0].text
}

/** Makes a bundle the source of a function. */
const functionOf = (parameters, code) => `(function (${parameters}) {${code}\n})`

rmSync(bin, { recursive: true, force: true })
mkdirSync(bin)

/** A bundle as the source of a function, and what its code cache is called. */
const bundleFunction = async (entry, { name = basename(entry, ".ts"), parameters, plugins }) => {
  const source = functionOf(parameters, await bundle(entry, { plugins }))
  const hash = createHash("sha256").update(source).digest("hex").slice(0, 16)
  return { source, cacheName: `${name}-${hash}` }
}

const program = await bundleFunction("program.ts", { parameters: "require, __filename, runFull" })
const parameters = "require, __filename, invocation"
const full = await bundleFunction("full.ts", { parameters, plugins: [withoutSandbox] })
const sandbox = await bundleFunction("full.ts", { name: "sandbox", parameters })
writeFileSync(join(bin, "sandbox.cjs"), sandbox.source)
// The thread that launches steps is a program of its own, whose source Node takes from a file.
writeFileSync(
  join(bin, "thread.cjs"),
  await bundle(join(root, "packages/runner/src/internal/worker.ts"))
)
const agent = join(bin, "agent.cjs")
writeFileSync(
  agent,
  await bundle("loader.ts", {
    // As the launcher does: without "--" Node takes an option --env-file of the agent's for its own.
    banner: { js: "#!/usr/bin/env -S node --" },
    define: {
      PROGRAM: JSON.stringify(program),
      FULL_PROGRAM: JSON.stringify(full),
      SANDBOX_PROGRAM: JSON.stringify({ file: "sandbox.cjs", cacheName: sandbox.cacheName })
    }
  })
)
chmodSync(agent, 0o755)
writeCodeCaches({ agent, bin, program, full, sandbox })

// The manual, from the same definitions as --help.
const man = join(cli, "man")
const pages = { exports: {} }
new Script(
  functionOf("module, require, __filename", await bundle("manPages.ts", { plugins: [withoutSandbox] }))
).runInThisContext()(
  pages,
  createRequire(agent),
  agent
)
rmSync(man, { recursive: true, force: true })
mkdirSync(man)
for (const [name, page] of Object.entries(pages.exports.manPages)) writeFileSync(join(man, name), page)

for (const arch of ["x64", "arm64"]) {
  for (
    const native of [
      join(cli, "launcher/prebuilt", `agent-linux-${arch}`),
      join(root, "packages/runner/supervisor/prebuilt", `supervise-linux-${arch}`)
    ]
  ) {
    copyFileSync(native, join(bin, basename(native)))
    chmodSync(join(bin, basename(native)), 0o755)
  }
}

// A link, not one of pnpm's shell wrappers: a shell would lose variables and add PWD.
const launcher = `agent-${process.platform}-${process.arch}`
const link = join(root, "node_modules/.bin/agent")
rmSync(link, { force: true })
symlinkSync(join("../../packages/cli/bin", existsSync(join(bin, launcher)) ? launcher : "agent.cjs"), link)
