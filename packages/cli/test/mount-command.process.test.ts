/**
 * The program of `examples/mount-command`, which has `chroot-exec` as a subcommand of its own.
 */
import { build } from "esbuild"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const repository = join(import.meta.dirname, "../../..")
const cache = join(repository, "packages/cli/node_modules/.cache")

let directory: string

// Below node_modules, where the bundle finds koffi, which has to stay outside.
beforeAll(async () => {
  mkdirSync(cache, { recursive: true })
  directory = mkdtempSync(join(cache, "mount-command-"))
  await build({
    entryPoints: [join(repository, "examples/mount-command/src/main.ts")],
    outfile: join(directory, "toolbox.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["source"],
    define: { "import.meta.url": "__filename" },
    logLevel: "error"
  })
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const toolbox = (...argv: ReadonlyArray<string>) => {
  const { pid, signal, status, stderr, stdout } = spawnSync(
    process.execPath,
    [join(directory, "toolbox.cjs"), ...argv],
    { cwd: directory, encoding: "utf8", env: { PATH: "/usr/bin:/bin", CONTAINER_ONLY: "c1" } }
  )
  return { pid, signal, status, stderr, stdout }
}

const controlFile = (...cmd: ReadonlyArray<string>): string => {
  const file = join(directory, "control.json")
  const control = { cmd, no_chmod: false, env: { GREETING: "hello" }, copy_dir: directory }
  writeFileSync(file, JSON.stringify(control))
  return file
}

const shell = (script: string): string => controlFile("sh", "-c", script)

describe("chroot-exec, mounted in another program", () => {
  it("becomes the step: its process, its environment, its directory, its exit status", () => {
    const { pid, ...ended } = toolbox(
      "chroot-exec",
      shell("echo \"$$ $GREETING $CONTAINER_ONLY $(pwd)\"; exit 7"),
      "local"
    )
    expect(ended).toStrictEqual({
      signal: null,
      status: 7,
      stderr: "",
      stdout: `${pid} hello c1 ${directory}\n`
    })
  })

  it("dies by the signal of the step", () => {
    expect(toolbox("chroot-exec", shell("kill -TERM $$"), "local")).toMatchObject({
      signal: "SIGTERM",
      status: null
    })
  })

  it("prints the plan for a bare --dry-run, and runs nothing", () => {
    const { status, stdout } = toolbox("chroot-exec", "--dry-run", shell("echo ran"), "local")
    expect(status).toBe(0)
    expect(stdout).toMatch(/^  ExecveFound /m)
    expect(stdout).not.toContain("ran")
  })

  it("takes what follows -- as operands", () => {
    expect(toolbox("chroot-exec", "--", shell("exit 3"), "local").status).toBe(3)
  })

  it("documents both operands and the exit codes", () => {
    const { status, stdout } = toolbox("chroot-exec", "--help")
    expect(status).toBe(0)
    for (const part of ["<control-file>", "<chroot-dir>", "EXIT CODES", "125", "126", "127"]) {
      expect(stdout).toContain(part)
    }
  })

  it("leaves the program its other commands", () => {
    expect(toolbox("greet")).toMatchObject({ status: 0, stdout: "Hello from the toolbox\n" })
  })

  it.each([
    { name: "a missing operand", argv: () => [], code: 125, says: "<control-file>" },
    { name: "a control file that is not there", argv: () => ["none", "local"], code: 125, says: "none" },
    {
      name: "a command that cannot be executed",
      argv: () => [controlFile("/usr"), "local"],
      code: 126,
      says: "/usr"
    },
    {
      name: "a command that is not there",
      argv: () => [controlFile("./none"), "local"],
      code: 127,
      says: "none"
    }
  ])("exits with $code for $name", ({ argv, code, says }) => {
    const { status, stderr, stdout } = toolbox("chroot-exec", ...argv())
    expect({ status, stdout }).toStrictEqual({ status: code, stdout: "" })
    expect(stderr).toContain(says)
  })
})
