/**
 * The acceptance criteria of the document that describes `chroot-exec`, as far as they need no privilege.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import { dirname, join } from "node:path"
import { agent, containerEnv } from "./support/Agent.js"
import { call, nobody, writeControl, writeScript } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const repository = join(dirname(agent), "../..")

const LOCAL = ["chroot-exec", "{control}", "local"]

const sandboxed = (name: string, test: (sandbox: Sandbox.Sandbox) => Effect.Effect<void>) =>
  it.scopedLive(name, () => Effect.flatMap(Sandbox.scoped({ withRoot: false }), test))

/** The paragraphs of a help page between two headings. */
const section = (page: string, from: string, to: string): string =>
  page.slice(page.indexOf(`\n${from}\n`), page.indexOf(`\n${to}\n`))

sandboxed("agent chroot-exec --help documents the two positional args", (sandbox) =>
  Effect.gen(function*() {
    const { exit, stderr, stdout } = yield* call(sandbox, ["chroot-exec", "--help"], { user: nobody })
    expect({ exit, stderr }).toStrictEqual({ exit: 0, stderr: "" })
    expect(stdout).toContain("<control-file> <chroot-dir>\n")
    const positionals = section(stdout, "ARGUMENTS", "OPTIONS")
    expect(positionals.match(/^<.*>$/gm)).toStrictEqual(["<control-file>", "<chroot-dir>"])
    expect(positionals).toContain("A JSON file that describes the step")
    expect(positionals).toContain("exactly \"local\" to run the step without a chroot")
  }))

sandboxed("\"local\" chroot mode runs end-to-end in tests without root", (sandbox) =>
  Effect.gen(function*() {
    const step =
      "id -u; pwd; echo \"$CONTAINER_ONLY $A $B\"; echo \"[$1][$2]\"; cat; readlink /proc/$$/root; exit 7"
    writeScript(sandbox, "{local}/step.sh", step, 0o644)
    writeScript(sandbox, "{local}/bin/env", "echo A=root; echo B=root")
    writeControl(sandbox, {
      cmd: ["{local}/step.sh", "a b", "*"],
      env: { B: "package" },
      copy_dir: "{local}"
    })
    const { pid: _, ...said } = yield* call(sandbox, LOCAL, {
      env: { A: "container", B: "container", PATH: `${sandbox.local}/bin:${containerEnv["PATH"]}` },
      stdin: "from the caller\n",
      user: nobody
    })
    const id = nobody ?? process.getuid?.()
    expect(said).toStrictEqual({
      exit: 7,
      signal: null,
      stdout: `${id}\n${sandbox.local}\nc1 root package\n[a b][*]\nfrom the caller\n/\n`,
      stderr: ""
    })
    expect(Fs.statSync(`${sandbox.local}/step.sh`).mode & 0o7777).toBe(0o755)
  }))

sandboxed("control file parse error", (sandbox) =>
  Effect.gen(function*() {
    Fs.writeFileSync(sandbox.control, "{\"cmd\": [")
    const { exit, stderr, stdout } = yield* call(sandbox, LOCAL, { user: nobody })
    expect({ exit, stderr, stdout }).toStrictEqual({
      exit: 125,
      stderr: `agent: control file "${sandbox.control}": is not valid JSON\n`,
      stdout: ""
    })
  }))

describe("copy_dir not absolute is an error", () => {
  for (const copyDir of ["work", "", ".", "./work", "~"]) {
    sandboxed(JSON.stringify(copyDir), (sandbox) =>
      Effect.gen(function*() {
        writeScript(sandbox, "{local}/step.sh", "echo ran", 0o644)
        writeControl(sandbox, { cmd: ["{local}/step.sh"], copy_dir: copyDir })
        const { exit, stderr, stdout } = yield* call(sandbox, LOCAL, { user: nobody })
        expect({ exit, stderr, stdout }).toStrictEqual({
          exit: 125,
          stderr: `agent: control file "${sandbox.control}": copy_dir must be an absolute path\n`,
          stdout: ""
        })
        expect(Fs.statSync(`${sandbox.local}/step.sh`).mode & 0o7777).toBe(0o644)
      }))
  }
})

describe("no_chmod=true skips the chmod call", () => {
  sandboxed("of a step without the bits, which then cannot run", (sandbox) =>
    Effect.gen(function*() {
      writeScript(sandbox, "{local}/step.sh", "echo ran", 0o644)
      const before = Fs.statSync(`${sandbox.local}/step.sh`, { bigint: true })
      writeControl(sandbox, { cmd: ["{local}/step.sh"], no_chmod: true })
      const { exit, stdout } = yield* call(sandbox, LOCAL, { user: nobody })
      expect({ exit, stdout }).toStrictEqual({ exit: 126, stdout: "" })
      const { ctimeNs, mode } = Fs.statSync(`${sandbox.local}/step.sh`, { bigint: true })
      expect({ ctimeNs, mode }).toStrictEqual({ ctimeNs: before.ctimeNs, mode: before.mode })
    }))

  sandboxed("which it is, and changes the mode, otherwise", (sandbox) =>
    Effect.gen(function*() {
      writeScript(sandbox, "{local}/step.sh", "echo ran", 0o644)
      writeControl(sandbox, { cmd: ["{local}/step.sh"], no_chmod: false })
      const { exit, stdout } = yield* call(sandbox, LOCAL, { user: nobody })
      expect({ exit, stdout }).toStrictEqual({ exit: 0, stdout: "ran\n" })
      expect(Fs.statSync(`${sandbox.local}/step.sh`).mode & 0o7777).toBe(0o755)
    }))
})

it("one artifact: a single command agent", () => {
  const decode = Schema.decodeUnknownSync(
    Schema.parseJson(
      Schema.Struct({ bin: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })) })
    )
  )
  const packages = join(repository, "packages")
  const commands = Fs.readdirSync(packages).flatMap((name) => {
    const { bin = {} } = decode(Fs.readFileSync(join(packages, name, "package.json"), "utf8"))
    return Object.entries(bin).map(([command, file]) => [command, join("packages", name, file)])
  })
  expect(commands).toStrictEqual([["agent", "packages/cli/bin/agent.cjs"]])
  expect(dirname(Fs.realpathSync(agent))).toBe(Fs.realpathSync(join(packages, "cli/bin")))
})
