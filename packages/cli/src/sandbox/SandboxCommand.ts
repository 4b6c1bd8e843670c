/**
 * The command `sandbox` with its subcommands `run` and `sweep`, for `agent` and for any other `@effect/cli` program to
 * mount.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import { UsageError } from "../shared/AgentError.js"
import * as CommandTable from "../shared/CommandTable.js"
import { fullName, type Page } from "../shared/Grammar.js"
import * as SandboxRun from "./SandboxRun.js"
import { sandboxRunCommand } from "./SandboxRunCommand.js"

/**
 * What the help and the manual say of `sandbox sweep`.
 *
 * @since 0.1.0
 * @category constants
 */
export const sandboxSweepPage: Page = {
  ...CommandTable.nothing,
  name: "sandbox sweep",
  summary: "remove what killed runs left in Docker",
  description: [
    "The containers and volumes of runs whose process was killed are removed, and printed, one a line. What "
    + "belongs to a process that still runs, or to another host, is left alone."
  ]
}

/**
 * What the help and the manual say of `sandbox`.
 *
 * @since 0.1.0
 * @category constants
 */
export const sandboxPage: Page = {
  ...CommandTable.nothing,
  name: "sandbox",
  summary: "run commands in hardened one-shot containers",
  description: ["The containers are made over the Docker Engine API, and removed once the command has ended."]
}

const sandboxSweepCommand = Command.make("sweep", {}, () => SandboxRun.sweepAll).pipe(
  Command.withDescription(CommandTable.toHelpDoc(sandboxSweepPage))
)

/**
 * `sandbox run [options] -- CMD [ARG...]` and `sandbox sweep`.
 *
 * What follows `--` is for the program that mounts it to provide as `StepCommand` (see `Argv.split`). Its errors are
 * `AgentError`s.
 *
 * @since 0.1.0
 * @category commands
 */
export const sandboxCommand = Command.make(
  "sandbox",
  {},
  () => new UsageError({ problem: "no command given", command: fullName(sandboxPage) })
).pipe(
  Command.withDescription(CommandTable.toHelpDoc(sandboxPage)),
  Command.withSubcommands([sandboxRunCommand, sandboxSweepCommand])
)
