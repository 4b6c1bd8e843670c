/**
 * What `--dry-run` prints: the plan, for people and for machines, and nothing that is a secret.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { withNode } from "./support/Agent.js"
import { agent } from "./support/Agent.js"
import { said, writeControl } from "./support/Call.js"
import * as Child from "./support/Child.js"
import * as Sandbox from "./support/Sandbox.js"

/** The plan of a step, in an environment and with a limit that do not depend on who runs the test. */
const planOf = (
  option: string,
  control: Parameters<typeof writeControl>[1],
  pre: ReadonlyArray<string> = [],
  more: ReadonlyArray<string> = []
) =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    writeControl(sandbox, control)
    const ended = yield* Child.run({
      command: [
        "prlimit",
        "--nofile=256:256",
        ...pre,
        agent,
        "chroot-exec",
        option,
        ...more,
        sandbox.control,
        "local"
      ],
      env: { PATH: withNode("/usr/local/bin:/usr/bin:/bin"), TOKEN: "hunter2" },
      cwd: sandbox.tmp
    })
    return { ...said(ended), stdout: said(ended).stdout.replaceAll(sandbox.local, "{local}") }
  })

const printed = (...lines: ReadonlyArray<string>) => ({
  exit: 0,
  signal: null,
  stdout: `${lines.join("\n")}\n`,
  stderr: ""
})

const step = {
  cmd: ["{local}/step.sh", "hunter2"],
  env: { PASSWORD: "hunter2", "x y": "" },
  copy_dir: "{local}"
}

describe("as lines", () => {
  it.scopedLive.each(["--dry-run", "--dry-run=text"])(
    "%s",
    (option) =>
      Effect.map(planOf(option, step), (plan) =>
        expect(plan).toStrictEqual(printed(
          "enter:",
          "  IgnoreSignals signals=",
          "  CloseFds first=3",
          "  KeepStdio open=0,1,2 nonBlocking=",
          "  OpenNull",
          "  FindCommand command={local}/step.sh directory={local}",
          "  CheckDirectory directory={local}",
          "  AddExecuteBits",
          "  MergeEnvironment container=PATH,TOKEN package=PASSWORD,\"x y\"",
          "become:",
          "  Chdir directory={local}",
          "  RestoreSignals ignored= blocked=",
          "  LimitOpenFiles soft=256 hard=256",
          "  ExecveFound command={local}/step.sh arguments=1"
        )))
  )

  it.scopedLive("a bare name is found after the environments are merged; no_chmod leaves its mode alone", () =>
    Effect.map(
      planOf("--dry-run", { cmd: ["tool"], no_chmod: true }),
      (plan) =>
        expect(plan).toStrictEqual(printed(
          "enter:",
          "  IgnoreSignals signals=",
          "  CloseFds first=3",
          "  KeepStdio open=0,1,2 nonBlocking=",
          "  OpenNull",
          "  CheckDirectory directory=/",
          "  MergeEnvironment container=PATH,TOKEN package=",
          "  FindCommand command=tool directory=/",
          "become:",
          "  Chdir directory=/",
          "  RestoreSignals ignored= blocked=",
          "  LimitOpenFiles soft=256 hard=256",
          "  ExecveFound command=tool arguments=0"
        ))
    ))

  it.scopedLive("what the caller ignores and blocks is put back", () =>
    Effect.map(
      planOf("--dry-run", { cmd: ["tool"] }, ["env", "--ignore-signal=HUP,INT", "--block-signal=USR1"]),
      ({ stdout }) =>
        expect(stdout.match(/^.*Signals.*$/gm)).toStrictEqual([
          "  IgnoreSignals signals=SIGHUP,SIGINT",
          "  RestoreSignals ignored=SIGHUP,SIGINT blocked=SIGUSR1"
        ])
    ))
})

it.scopedLive("what launchers ask for is part of the plan", () =>
  Effect.map(
    planOf("--dry-run", step, ["sh", "-c", "exec \"$@\" 7>/dev/null", "sh"], [
      "--die-with-parent",
      "--report-fd=7"
    ]),
    ({ stdout }) =>
      expect(stdout.trimEnd().split("\n").slice(-5)).toStrictEqual([
        `  DieWithParent parent=${process.pid}`,
        "  RestoreSignals ignored= blocked=",
        "  LimitOpenFiles soft=256 hard=256",
        "  Announce fd=7",
        "  ExecveFound command={local}/step.sh arguments=1"
      ])
  ))

it.scopedLive("as JSON", () =>
  Effect.map(planOf("--dry-run=json", step), ({ stdout, ...ended }) => {
    expect(ended).toStrictEqual({ exit: 0, signal: null, stderr: "" })
    expect(JSON.parse(stdout)).toStrictEqual({
      enter: [
        { operation: "IgnoreSignals", signals: [] },
        { operation: "CloseFds", first: 3 },
        { operation: "KeepStdio", open: [0, 1, 2], nonBlocking: [] },
        { operation: "OpenNull" },
        { operation: "FindCommand", command: "{local}/step.sh", directory: "{local}" },
        { operation: "CheckDirectory", directory: "{local}" },
        { operation: "AddExecuteBits" },
        { operation: "MergeEnvironment", container: ["PATH", "TOKEN"], package: ["PASSWORD", "x y"] }
      ],
      become: [
        { operation: "Chdir", directory: "{local}" },
        { operation: "RestoreSignals", ignored: [], blocked: [] },
        { operation: "LimitOpenFiles", soft: 256, hard: 256 },
        { operation: "ExecveFound", command: "{local}/step.sh", arguments: 1 }
      ]
    })
  }))
