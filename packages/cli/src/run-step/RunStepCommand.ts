/**
 * The command `run-step`, for `agent` and for any other `@effect/cli` program to mount.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as CommandTable from "../shared/CommandTable.js"
import type { Page } from "../shared/Grammar.js"
import * as OptionValues from "../shared/OptionValues.js"
import * as RunStep from "./RunStep.js"

const directory = OptionValues.text("directory")

const table: CommandTable.Table<RunStep.StepOptions> = {
  root: CommandTable.withDefault(
    {
      name: "root",
      description:
        "The directory that becomes the root of the step, which needs CAP_SYS_CHROOT; \"local\" is no chroot."
    },
    directory,
    "local"
  ),
  copyDir: CommandTable.required({
    name: "copy-dir",
    description:
      "Where the package is inside the root: its steps are below skyhook_dir there. The step works in it."
  }, directory),
  logDir: CommandTable.optional({
    name: "log-dir",
    description:
      "Write log files below this directory inside the root, and keep the newest five of each step."
  }, directory),
  package: CommandTable.optional(
    { name: "package", description: "The package, a directory below --log-dir." },
    OptionValues.text("name")
  ),
  packageVersion: CommandTable.optional(
    { name: "package-version", description: "Its version, a directory below that of the package." },
    OptionValues.text("version")
  ),
  returncodes: CommandTable.withDefault(
    { name: "returncodes", description: "The exit codes that mean success, such as 0,3." },
    OptionValues.exitCodes,
    "0"
  ),
  timeout: CommandTable.optional({
    name: "timeout",
    description: "End the step after this time: SIGTERM, --grace, SIGKILL. Units are ms, s, m, h and d."
  }, OptionValues.time),
  grace: CommandTable.withDefault(
    { name: "grace", description: "How long the step has between SIGTERM and SIGKILL." },
    OptionValues.time,
    "10s"
  ),
  onSignal: CommandTable.withDefault(
    {
      name: "on-signal",
      description:
        "What SIGHUP, SIGINT, SIGQUIT and SIGTERM to the agent do: the step gets them too (forward), it may finish "
        + "unless a second one comes (finish-then-stop), or it is killed (kill)."
    },
    OptionValues.choice("forward", "finish-then-stop", "kill"),
    "forward"
  ),
  env: CommandTable.repeated({
    name: "env",
    alias: "e",
    description: "A variable of the step. The last one of a name counts."
  }, OptionValues.pair("NAME=VALUE", "=")),
  noChmod: CommandTable.flag({
    name: "no-chmod",
    description: "Leave the mode of the step's file as it is."
  }),
  launcher: CommandTable.withDefault(
    {
      name: "launcher",
      description:
        "How the step is started: by a thread with a root of its own, or by a process, agent chroot-exec."
    },
    OptionValues.choice("thread", "process"),
    "thread"
  ),
  json: CommandTable.flag({
    name: "json",
    description: "Print events instead of the output, each on a line: started, line, ended."
  })
}

/**
 * What the help and the manual say.
 *
 * @since 0.1.0
 * @category constants
 */
export const runStepPage: Page = {
  name: "run-step",
  summary: "run a step of a package to its end, with logs and a time limit",
  description: [
    "The step runs in a root, with environments merged as for chroot-exec, with log files and a time limit, and nothing "
    + "is left of it afterwards. PATH is below skyhook_dir of --copy-dir. An argument env:NAME stands for the value of a "
    + "variable of the agent's."
  ],
  ...CommandTable.abouts(table),
  command: "PATH [ARG...]",
  exitCodes: [
    ["0", "the step exited with one of --returncodes"],
    ["the step's own", "it exited with another code; 128 + N after signal N"],
    ["124", "the time limit was over, and the step was ended"],
    ["125", "the step was not run, or its log is not whole: usage, privilege, root, log directory"],
    ["126", "the step was found but cannot be executed"],
    ["127", "the step was not found"]
  ]
}

/**
 * `run-step [options] -- PATH [ARG...]`.
 *
 * What follows `--` is for the program that mounts it to provide as `StepCommand` (see `Argv.split`). Its errors are
 * `AgentError`s.
 *
 * @since 0.1.0
 * @category commands
 */
export const runStepCommand = Command.make(
  "run-step",
  table,
  (options) => RunStep.run(options).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))
).pipe(Command.withDescription(CommandTable.toHelpDoc(runStepPage)))
