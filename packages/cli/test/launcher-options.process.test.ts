/**
 * What launchers ask of `agent chroot-exec`: `--report-fd`, `--control-fd` and `--die-with-parent`.
 */
import * as ChrootExec from "@chroot-exec/sys/ChrootExec"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import { agent } from "./support/Agent.js"
import { call, writeControl } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const EXECUTING = "{\"_tag\":\"Executing\"}\n"

/** Runs the agent with descriptor 7 on a file, and returns what it wrote there. */
const reporting = (
  sandbox: Sandbox.Sandbox,
  options: ReadonlyArray<string>,
  operands: ReadonlyArray<string> = ["{control}", "local"]
) =>
  Effect.gen(function*() {
    const report = sandbox.fill("{local}/report")
    Fs.writeFileSync(report, "", { mode: 0o666 })
    const { pid: _, ...said } = yield* call(sandbox, ["chroot-exec", ...options, ...operands], {
      pre: ["sh", "-c", "exec \"$@\" 7>>{local}/report", "sh"]
    })
    return { ...said, report: Fs.readFileSync(report, "utf8") }
  })

const sandboxed = (name: string, test: (sandbox: Sandbox.Sandbox) => Effect.Effect<void>) =>
  it.scopedLive(name, () => Effect.flatMap(Sandbox.scoped({ withRoot: false }), test))

const decode = Schema.decodeUnknownSync(Schema.parseJson(ChrootExec.ChrootExecError))

describe.each([[["--report-fd=7"]], [["--report-fd", "7"]], [["--die-with-parent", "--report-fd=7"]]])(
  "%j @node",
  (options) => {
    sandboxed(
      "a step: that it starts; it gets no such descriptor, and its exit is its own",
      (sandbox) =>
        Effect.gen(function*() {
          writeControl(sandbox, { cmd: ["/bin/sh", "-c", "test -e /proc/self/fd/7 || echo closed; exit 3"] })
          expect(yield* reporting(sandbox, options)).toStrictEqual({
            exit: 3,
            signal: null,
            stdout: "closed\n",
            stderr: "",
            report: EXECUTING
          })
        })
    )

    sandboxed(
      "no step: the error, which can be decoded, instead of a line on standard error",
      (sandbox) =>
        Effect.gen(function*() {
          writeControl(sandbox, { cmd: ["/none", "hunter2"] })
          const { report, ...said } = yield* reporting(sandbox, options)
          expect(said).toStrictEqual({ exit: 127, signal: null, stdout: "", stderr: "" })
          expect(report).toBe("{\"command\":\"/none\",\"reason\":\"NoFile\",\"_tag\":\"CommandNotFound\"}\n")
          expect(decode(report)).toMatchObject({
            _tag: "CommandNotFound",
            command: "/none",
            reason: "NoFile"
          })
        })
    )

    sandboxed(
      "a step that execve(2) refuses: the error after the announcement",
      (sandbox) =>
        Effect.gen(function*() {
          Sandbox.writeFile(sandbox.fill("{local}/text"), "echo shell\n", 0o755)
          writeControl(sandbox, { cmd: ["{local}/text"] })
          const { report, ...said } = yield* reporting(sandbox, options)
          expect(said).toStrictEqual({ exit: 126, signal: null, stdout: "", stderr: "" })
          const [announced, error = "", ...rest] = report.split("\n")
          expect([`${announced}\n`, rest]).toStrictEqual([EXECUTING, [""]])
          expect(decode(error)).toMatchObject({ _tag: "CommandNotExecutable", errno: "ENOEXEC" })
        })
    )

    sandboxed(
      "a control file that does not describe a step: all of its problems",
      (sandbox) =>
        Effect.gen(function*() {
          Fs.writeFileSync(sandbox.control, "{\"cmd\":[],\"env\":{}}")
          const { report, ...said } = yield* reporting(sandbox, options)
          expect(said).toStrictEqual({ exit: 125, signal: null, stdout: "", stderr: "" })
          expect(decode(report)).toMatchObject({
            _tag: "ControlFileInvalid",
            problems: [{ path: "cmd[0]" }, { path: "no_chmod" }, { path: "copy_dir" }]
          })
        })
    )
  }
)

describe("a descriptor that cannot be reported on is an error before anything else @node", () => {
  const see = "see \"agent chroot-exec --help\""
  const cases = [
    ["2", `--report-fd takes a descriptor above 2; ${see}`],
    ["99", `--report-fd 99: no such descriptor is open to write to; ${see}`],
    ["999999999", `--report-fd 999999999: no such descriptor is open to write to; ${see}`]
  ] as const
  for (const [fd, says] of cases) {
    sandboxed(fd, (sandbox) =>
      Effect.gen(function*() {
        // There is no control file: that is not even looked at.
        const { report, ...said } = yield* reporting(sandbox, [`--report-fd=${fd}`])
        expect(said).toStrictEqual({ exit: 125, signal: null, stdout: "", stderr: `agent: ${says}\n` })
        expect(report).toBe("")
      }))
  }

  sandboxed("one to read from: there is no step", (sandbox) =>
    Effect.gen(function*() {
      writeControl(sandbox, { cmd: ["/bin/sh", "-c", "echo ran"] })
      const argv = ["chroot-exec", "--report-fd=7", "{control}", "local"]
      const { pid: _, ...said } = yield* call(sandbox, argv, {
        pre: ["sh", "-c", "exec \"$@\" 7</dev/null", "sh"]
      })
      expect(said).toStrictEqual({
        exit: 125,
        signal: null,
        stdout: "",
        stderr: `agent: --report-fd 7: no such descriptor is open to write to; ${see}\n`
      })
    }))

  sandboxed(
    "one that is full: the error is on standard error, and there is no step",
    (sandbox) =>
      Effect.gen(function*() {
        writeControl(sandbox, { cmd: ["/bin/sh", "-c", "echo ran"] })
        const argv = ["chroot-exec", "--report-fd=7", "{control}", "local"]
        const { pid: _, ...said } = yield* call(sandbox, argv, {
          pre: ["sh", "-c", "exec \"$@\" 7>/dev/full", "sh"]
        })
        expect(said).toStrictEqual({
          exit: 125,
          signal: null,
          stdout: "",
          stderr: "agent: cannot hand the descriptors of the caller to the step: no space left on device\n"
        })
      })
  )
})

describe("--die-with-parent @node", () => {
  /** A shell that is the parent of a step, which kills the shell and then does what `rest` says. */
  const orphaned = (sandbox: Sandbox.Sandbox, options: ReadonlyArray<string>, rest: string) =>
    Effect.gen(function*() {
      writeControl(sandbox, { cmd: ["/bin/sh", "-c", `kill -9 $PPID; ${rest}`] })
      const step = [agent, "chroot-exec", ...options, "{control}", "local"]
      // It ends when nobody holds its output any more.
      const { pid: _, ...said } = yield* call(sandbox, ["-c", "\"$@\"; exit 0", "sh", ...step], {
        agent: "/bin/sh"
      })
      return said
    })

  sandboxed("the step is killed when its parent is", (sandbox) =>
    Effect.map(
      orphaned(sandbox, ["--die-with-parent"], "exec sleep 1000"),
      (said) => expect(said).toStrictEqual({ exit: null, signal: "SIGKILL", stdout: "", stderr: "" })
    ))

  sandboxed("without it the step goes on", (sandbox) =>
    Effect.map(
      orphaned(sandbox, [], "while kill -0 $PPID 2>/dev/null; do :; done; echo goes on"),
      (said) => expect(said).toStrictEqual({ exit: null, signal: "SIGKILL", stdout: "goes on\n", stderr: "" })
    ))
})

describe("--control-fd @node", () => {
  const see = "see \"agent chroot-exec --help\""
  const argv = ["chroot-exec", "--control-fd=7", "nowhere", "local"]

  sandboxed(
    "is what is read, whatever the operand says, and the step does not get it",
    (sandbox) =>
      Effect.gen(function*() {
        writeControl(sandbox, { cmd: ["/bin/sh", "-c", "test -e /proc/self/fd/7 || echo closed; exit 3"] })
        const { pid: _, ...said } = yield* call(sandbox, argv, {
          pre: ["sh", "-c", "exec \"$@\" 7<{control}", "sh"]
        })
        expect(said).toStrictEqual({ exit: 3, signal: null, stdout: "closed\n", stderr: "" })
      })
  )

  sandboxed("is called what the operand says", (sandbox) =>
    Effect.gen(function*() {
      const { pid: _, ...said } = yield* call(sandbox, argv, {
        pre: ["sh", "-c", "exec \"$@\" 7</dev/null", "sh"]
      })
      expect(said.exit).toBe(125)
      expect(said.stderr).toMatch(/^agent: control file "nowhere"/)
    }))

  sandboxed("that cannot be read from: there is no step", (sandbox) =>
    Effect.gen(function*() {
      const { pid: _, ...said } = yield* call(sandbox, argv, {
        pre: ["sh", "-c", "exec \"$@\" 7>/dev/null", "sh"]
      })
      expect(said).toStrictEqual({
        exit: 125,
        signal: null,
        stdout: "",
        stderr: `agent: --control-fd 7: no such descriptor is open to read from; ${see}\n`
      })
    }))
})
