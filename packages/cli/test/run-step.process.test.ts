/**
 * `agent run-step` and the options of `chroot-exec` that launchers use, as the built program.
 */
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { agent, containerEnv } from "./support/Agent.js"

let directory = ""

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "run-step-"))
  mkdirSync(join(directory, "skyhook_dir"))
  const script = (name: string, lines: string) =>
    writeFileSync(join(directory, "skyhook_dir", name), `#!/bin/sh\n${lines}\n`)
  script("say", "printf '%s\\n' \"$1\" \"$CONTAINER_ONLY\" \"$FROM_OPTION\"; echo problem >&2; exit ${2:-0}")
  script("hang", "sleep 1000 & echo $$ $!; wait")
  script("stubborn", "trap '' TERM; echo $$; while :; do sleep 0.05; done")
  script("die", "kill -KILL $$")
})

afterAll(() => rmSync(directory, { recursive: true }))

const run = (...args: ReadonlyArray<string>) => {
  const { signal, status, stderr, stdout } = spawnSync(
    agent,
    ["run-step", "--copy-dir", directory, ...args],
    {
      env: containerEnv,
      encoding: "utf8"
    }
  )
  return { signal, status, stderr, stdout }
}

const isRunning = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return false
  }
}

/** The processes of a step that has this entry in its environment; its supervisor, which is none, may be given it, too. */
const having = (entry: string): ReadonlyArray<string> =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    const words = (file: string) => readFileSync(`/proc/${pid}/${file}`, "latin1").split("\0")
    try {
      return words("environ").includes(entry) && words("cmdline")[0] !== "chroot-exec-supervise"
    } catch {
      // It has ended.
      return false
    }
  })

describe.each(["thread", "process"])("by a %s @node", (launcher) => {
  const by = ["--launcher", launcher]
  /** An entry that no other process has, by which steps are found that have not said their pids. */
  const mark = () => `MARK=${directory}/${launcher}`

  it("passes output on, and ends as the step does", () => {
    expect(run(...by, "-e", "FROM_OPTION=o", "--", "say", "env:CONTAINER_ONLY", "3")).toStrictEqual({
      signal: null,
      status: 3,
      stdout: "c1\nc1\no\n",
      stderr: "problem\n"
    })
  })

  it("ends with 0 when the code is accepted", () => {
    expect(run(...by, "--returncodes", "0,3", "--", "say", "x", "3").status).toBe(0)
  })

  it("ends with 128 and the signal", () => {
    expect(run(...by, "--", "die").status).toBe(137)
  })

  it("ends with 124 after a time limit, and leaves nothing, however far the step has come", () => {
    const limits = ["--timeout", "1s", "--grace", "100ms"]
    const { status, stderr } = run(...by, ...limits, "-e", mark(), "--", "hang")
    expect(status).toBe(124)
    expect(stderr).toMatch(
      /^agent: the time limit was over after \d+\.\d s, and the step was ended; raise --timeout\n$/
    )
    expect(having(mark())).toStrictEqual([])
  })

  it("tells why there is no step", () => {
    expect(run(...by, "--", "none")).toStrictEqual({
      signal: null,
      status: 127,
      stdout: "",
      stderr:
        `agent: command "${directory}/skyhook_dir/none" not found: there is no such file inside the root\n`
    })
  })

  it("killed by SIGKILL leaves no step and no control file", async () => {
    const temporary = mkdtempSync(join(directory, "tmp-"))
    const child = spawn(agent, ["run-step", "--copy-dir", directory, ...by, "-e", mark(), "--", "hang"], {
      env: { ...containerEnv, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "inherit"]
    })
    const [line = ""] = await once(createInterface(child.stdout), "line").then((lines) => lines.map(String))
    expect([...having(mark())].sort()).toStrictEqual(line.split(" ").sort())
    const exited = once(child, "exit")
    child.kill("SIGKILL")
    await exited
    // The supervisor ends them.
    await expect.poll(() => having(mark()), { timeout: 60_000 }).toStrictEqual([])
    expect(readdirSync(temporary)).toStrictEqual([])
  })

  it("passes SIGTERM on, or lets the step finish", async () => {
    const child = spawn(
      agent,
      ["run-step", "--copy-dir", directory, ...by, "--on-signal", "kill", "--", "stubborn"],
      { env: containerEnv, stdio: ["ignore", "pipe", "inherit"] }
    )
    const [pid = 0] = await once(createInterface(child.stdout), "line").then((lines) => lines.map(Number))
    expect(isRunning(pid)).toBe(true)
    const exited = once(child, "exit")
    child.kill("SIGTERM")
    expect(await exited).toStrictEqual([137, null])
    expect(isRunning(pid)).toBe(false)
  })
})

it("as events @node", () => {
  const { status, stderr, stdout } = run("--json", "--", "say", "a\u00e9", "1")
  const anyNumber: unknown = expect.any(Number)
  const anyTime: unknown = expect.any(String)
  const events = stdout.trimEnd().split("\n").map((line): unknown => JSON.parse(line))
  expect([status, stderr]).toStrictEqual([1, ""])
  expect(events[0]).toStrictEqual({ event: "started", pid: anyNumber })
  expect(events).toContainEqual({
    event: "line",
    stream: "stdout",
    time: anyTime,
    text: "a\u00e9"
  })
  expect(events).toContainEqual({
    event: "line",
    stream: "stderr",
    time: anyTime,
    text: "problem"
  })
  expect(events.at(-1)).toMatchObject({
    event: "ended",
    code: 1,
    accepted: false,
    timedOut: false,
    drained: true,
    survivors: 0,
    logs: null
  })
})

it("with logs", () => {
  expect(run("--log-dir", `${directory}/logs`, "--package", "p", "--", "say", "x").status).toBe(0)
  expect(readdirSync(join(directory, "logs/p"))).toStrictEqual([
    expect.stringMatching(/^say-.*\.log$/),
    expect.stringMatching(/^say-.*\.log\.err$/)
  ])
})

it.each([
  [["--", "../say"], "step: path must be a relative path without empty parts, \".\" or \"..\""],
  [[], "no step given; it follows --; see \"agent run-step --help\""],
  [["--timeout", "soon", "--", "say"], "--timeout takes a time, such as 90s or 2m"],
  [["--returncodes", "x", "--", "say"], "--returncodes takes exit codes, such as 0,3"],
  [["--returncodes", "256", "--", "say"], "step: returncodes[0] must be an exit code from 0 to 255"],
  [["--package", "p", "--", "say"], "--package and --package-version take --log-dir, too"],
  [["--log-dir", "logs", "--", "say"], "--log-dir takes an absolute path inside the root"],
  [["--", "say", "env:NONE"], "its arguments ask for variables that are not set: \"NONE\""]
])("%j is refused in one line", (args, problem) => {
  const { status, stderr, stdout } = run(...args)
  expect([status, stdout]).toStrictEqual([125, ""])
  expect(stderr).toMatch(/^agent: [^\n]*\n$/)
  expect(stderr).toContain(problem)
})

describe("chroot-exec for launchers @node", () => {
  const chrootExec = (cmd: ReadonlyArray<string>) => {
    const control = join(directory, "control.json")
    writeFileSync(control, JSON.stringify({ cmd, no_chmod: true, env: {}, copy_dir: directory }))
    const report = join(directory, "report")
    const fd = openSync(report, "w")
    const { status, stderr } = spawnSync(agent, [
      "chroot-exec",
      "--die-with-parent",
      "--report-fd=3",
      control,
      "local"
    ], {
      env: containerEnv,
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe", fd]
    })
    return { status, stderr, report: readFileSync(report, "utf8") }
  }

  it("announces execve, and keeps the descriptor from the step", () => {
    expect(chrootExec(["/bin/sh", "-c", "test ! -e /proc/self/fd/3; exit $?"])).toStrictEqual({
      status: 0,
      stderr: "",
      report: "{\"_tag\":\"Executing\"}\n"
    })
  })

  it("reports an error as data, instead of a line", () => {
    expect(chrootExec(["/none"])).toStrictEqual({
      status: 127,
      stderr: "",
      report: "{\"command\":\"/none\",\"reason\":\"NoFile\",\"_tag\":\"CommandNotFound\"}\n"
    })
  })

  it("dies with its parent", async () => {
    const control = join(directory, "control.json")
    writeFileSync(
      control,
      JSON.stringify({
        cmd: ["/bin/sh", "-c", "echo $$; exec sleep 1000"],
        no_chmod: true,
        env: {},
        copy_dir: "/"
      })
    )
    const parent = spawn(
      "/bin/sh",
      ["-c", `${agent} chroot-exec --die-with-parent ${control} local & wait`],
      {
        env: containerEnv,
        stdio: ["ignore", "pipe", "inherit"]
      }
    )
    const [pid] = await once(createInterface(parent.stdout), "line").then((lines) => lines.map(Number))
    expect(isRunning(pid ?? 0)).toBe(true)
    parent.kill("SIGKILL")
    await once(parent.stdout.resume(), "close")
    // A process closes its pipes on its way out, before it is a zombie.
    await expect.poll(() => isRunning(pid ?? 0), { timeout: 60_000 }).toBe(false)
  })
})
