// V8's code cache of the agent's program: what a run has compiled, so that the next run need not.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Script } from "node:vm"

/** Runs the program in a process of its own, through all that comes before execve(2), and keeps what it compiled. */
export const writeCodeCache = (program, { cache, filename }) => {
  if (process.platform !== "linux") return
  const directory = mkdtempSync(join(tmpdir(), "agent-cache-"))
  try {
    // Not a program, so that execve(2) fails, the agent reports that, and its process ends here.
    const command = join(directory, "command")
    writeFileSync(command, "no program\n", { mode: 0o755 })
    const control = join(directory, "control.json")
    writeFileSync(
      control,
      JSON.stringify({ cmd: [command], no_chmod: false, env: { A: "1" }, copy_dir: directory })
    )
    const source = join(directory, "program.js")
    writeFileSync(source, program)
    execFileSync(process.execPath, [import.meta.filename, source, filename, cache, control], {
      stdio: ["ignore", "ignore", "pipe"]
    })
  } catch (error) {
    // 126: the command is no program.
    if (error.status !== 126) throw error
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const [source, filename, cache, control] = process.argv.slice(2)
  const script = new Script(readFileSync(source, "utf8"), { filename })
  process.argv.splice(1, Infinity, filename, "chroot-exec", control, "local")
  process.on("exit", () => writeFileSync(cache, script.createCachedData()))
  script.runInThisContext()(createRequire(filename), filename, "")
}
