/**
 * The command `chroot-exec`, for `agent` and for any other `@effect/cli` program to mount.
 *
 * @since 0.1.0
 */
import * as ExecPlan from "@chroot-exec/core/ExecPlan"
import * as Command from "@effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { exitCodeMeanings } from "../shared/AgentError.js"
import * as CommandTable from "../shared/CommandTable.js"
import { DRY_RUN } from "../shared/DryRun.js"
import type { Page } from "../shared/Grammar.js"
import * as OptionValues from "../shared/OptionValues.js"
import * as ChrootExec from "./ChrootExec.js"
import { CONTROL_FD, DIE_WITH_PARENT, REPORT_FD } from "./LauncherOptions.js"

/** What the command takes. */
interface Taken extends ChrootExec.Request {
  readonly dryRun: Option.Option<"text" | "json">
}

const table: CommandTable.Table<Taken> = {
  dryRun: CommandTable.optional({
    ...DRY_RUN,
    description:
      "Print the plan and change nothing: an operation a line, or as JSON. Arguments are only counted, variables only "
      + "named."
  }, OptionValues.form),
  dieWithParent: CommandTable.flag(DIE_WITH_PARENT),
  controlFd: CommandTable.optional(CONTROL_FD, OptionValues.integer("fd")),
  reportFd: CommandTable.optional(REPORT_FD, OptionValues.integer("fd")),
  controlFile: CommandTable.operand({
    name: "control-file",
    description:
      "A JSON file that describes the step: {\"cmd\": [\"command\", \"argument\"], \"no_chmod\": false, "
      + "\"env\": {\"NAME\": \"value\"}, \"copy_dir\": \"/directory\"}. It is read before the root is entered."
  }),
  chrootDir: CommandTable.operand({
    name: "chroot-dir",
    description:
      "The directory that becomes the root of the step (needs CAP_SYS_CHROOT), or exactly \"local\" to run "
      + "the step without a chroot."
  })
}

/**
 * What the help and the manual say.
 *
 * @since 0.1.0
 * @category constants
 */
export const chrootExecPage: Page = {
  name: "chroot-exec",
  summary: "run one step, once, in another root",
  description: [
    "The agent enters <chroot-dir>, makes the command executable (unless no_chmod), merges the environments (the "
    + "container's, overwritten by what `env` prints in the root, overwritten by the control file's), enters copy_dir and "
    + "becomes the step by execve(2). The step has the agent's process and its standard streams, and ends as itself."
  ],
  ...CommandTable.abouts(table),
  command: "",
  exitCodes: exitCodeMeanings
}

const run = ({ dryRun, ...request }: Taken) =>
  Effect.gen(function*() {
    if (Option.isNone(dryRun)) return yield* ChrootExec.run(request)
    const plan = yield* ChrootExec.plan(request)
    const json = dryRun.value === "json"
    yield* Console.log(
      json ? JSON.stringify(ExecPlan.toJson(plan)) : ExecPlan.toLines(plan).join("\n")
    )
  }).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))

/**
 * `chroot-exec [--dry-run[=text|json]] [--die-with-parent] [--control-fd fd] [--report-fd fd] <control-file> <chroot-dir>`.
 *
 * Needs nothing of the program that mounts it. Its errors are `AgentError`s: `exitCode` and `message` tell what
 * to do with them. A bare `--dry-run` is for `Argv.normalize` to complete.
 *
 * @since 0.1.0
 * @category commands
 */
export const chrootExecCommand = Command.make("chroot-exec", table, run).pipe(
  Command.withDescription(CommandTable.toHelpDoc(chrootExecPage))
)
