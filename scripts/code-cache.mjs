// V8's code caches of the agent's programs: what a run has compiled, so that the next run need not.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Script } from "node:vm"

/** The agent fails with this code, since the command is no program; so the whole way up to execve(2) is run. */
const NOT_EXECUTABLE = 126

/** As the loader looks for it: only the very Node that made a cache may take it. */
const fileName = (cacheName) => `${cacheName}-${process.version}-${statSync(process.execPath).size}.cache`

/**
 * Runs a program in a process of its own and keeps what it compiled. `argument` is what the function gets after
 * `require` and `__filename`, as source.
 */
const writeCodeCache = ({ agent, argument, argv, cache, directory, expected, source }) => {
  const file = join(directory, "program.js")
  writeFileSync(file, source)
  const { status, stderr } = spawnSync(
    process.execPath,
    [import.meta.filename, file, agent, cache, argument, ...argv],
    { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] }
  )
  if (status !== expected) throw new Error(`the run for the code cache ended with ${status}: ${stderr}`)
}

/** Writes the code caches of `program`, `full` and `sandbox` beside the agent. */
export const writeCodeCaches = ({ agent, bin, full, program, sandbox }) => {
  if (process.platform !== "linux") return
  const directory = mkdtempSync(join(tmpdir(), "agent-cache-"))
  try {
    const command = join(directory, "command")
    writeFileSync(command, "no program\n", { mode: 0o755 })
    const control = join(directory, "control.json")
    writeFileSync(
      control,
      JSON.stringify({ cmd: [command], no_chmod: false, env: { A: "1" }, copy_dir: directory })
    )
    const plain = ["chroot-exec", control, "local"]
    const parsed = ["chroot-exec", "--dry-run", control, "local"]
    writeCodeCache({
      agent,
      argument: "undefined",
      argv: plain,
      cache: join(bin, fileName(program.cacheName)),
      directory,
      expected: NOT_EXECUTABLE,
      source: program.source
    })
    const confined = ["sandbox", "run", "--dry-run", "--image", "image", "--", command]
    for (const [argv, { cacheName, source }] of [[parsed, full], [confined, sandbox]]) {
      writeCodeCache({
        agent,
        argument: `({ argv: ${JSON.stringify(argv)}, launcher: { _tag: "None", _id: "Option" } })`,
        argv,
        cache: join(bin, fileName(cacheName)),
        directory,
        expected: 0,
        source
      })
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const [source, agent, cache, argument, ...argv] = process.argv.slice(2)
  const script = new Script(readFileSync(source, "utf8"), { filename: agent })
  process.argv.splice(1, Infinity, agent, ...argv)
  process.on("exit", () => writeFileSync(cache, script.createCachedData()))
  script.runInThisContext()(createRequire(agent), agent, new Script(argument).runInThisContext())
}
