/**
 * The command `chroot-exec`, for `agent` and for any other `@effect/cli` program to mount.
 *
 * @since 0.1.0
 */
import * as ExecPlan from "@chroot-exec/core/ExecPlan"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { exitCodeMeanings } from "../shared/AgentError.js"
import * as ChrootExec from "./ChrootExec.js"

const controlFile = Args.text({ name: "control-file" }).pipe(
  Args.withDescription(
    "A JSON file that describes the step: {\"cmd\": [\"command\", \"argument\"], \"no_chmod\": false, "
      + "\"env\": {\"NAME\": \"value\"}, \"copy_dir\": \"/directory\"}. It is read before the root is entered."
  )
)

const chrootDir = Args.text({ name: "chroot-dir" }).pipe(
  Args.withDescription(
    "The directory that becomes the root of the step (needs CAP_SYS_CHROOT), or exactly \"local\" to run the step "
      + "without a chroot."
  )
)

const dryRun = Options.choice("dry-run", ["text", "json"]).pipe(
  Options.withDescription(
    "Print the plan and change nothing: an operation a line (--dry-run, --dry-run=text) or as JSON "
      + "(--dry-run=json). Arguments are only counted, variables only named."
  ),
  Options.optional
)

const dieWithParent = Options.boolean("die-with-parent").pipe(
  Options.withDescription(
    "Kill the step when the thread that started the agent ends. A set-user-ID program as the step puts an end to that."
  )
)

const reportFd = Options.integer("report-fd").pipe(
  Options.withDescription(
    "For launchers: say on this descriptor, in a line of JSON, that the step is about to be executed, or why it is not; "
      + "not on standard error then. The step does not get it."
  ),
  Options.optional
)

const description = HelpDoc.blocks([
  HelpDoc.p(
    "Run one step, once, in another root. The agent enters <chroot-dir>, makes the command executable (unless "
      + "no_chmod), merges the environments (the container's, overwritten by what `env` prints in the root, "
      + "overwritten by the control file's), enters copy_dir and becomes the step by execve(2): same process, same "
      + "standard streams, its own exit."
  ),
  HelpDoc.h1("EXIT CODES"),
  HelpDoc.descriptionList(
    Arr.map(
      exitCodeMeanings,
      ([code, meaning]): [Span.Span, HelpDoc.HelpDoc] => [Span.text(code), HelpDoc.p(meaning)]
    )
  )
])

/**
 * `chroot-exec [--dry-run=text|json] [--die-with-parent] [--report-fd=N] <control-file> <chroot-dir>`.
 *
 * Needs nothing of the program that mounts it. Its errors are `AgentError`s: `exitCode` and `message` tell what
 * to do with them. A bare `--dry-run` is for `Argv.normalize` to complete.
 *
 * @since 0.1.0
 * @category commands
 */
export const chrootExecCommand = Command.make(
  "chroot-exec",
  { dryRun, dieWithParent, reportFd, controlFile, chrootDir },
  ({ dryRun, ...request }) =>
    Effect.gen(function*() {
      if (Option.isNone(dryRun)) return yield* ChrootExec.run(request)
      const plan = yield* ChrootExec.plan(request)
      const json = dryRun.value === "json"
      yield* Console.log(
        json ? JSON.stringify({ operations: ExecPlan.toJson(plan) }) : ExecPlan.toLines(plan).join("\n")
      )
    }).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))
).pipe(Command.withDescription(description))
