/**
 * The command `run-step`, for `agent` and for any other `@effect/cli` program to mount.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { parseDuration, parseNumbers, parsePairs } from "../shared/OptionValues.js"
import * as RunStep from "./RunStep.js"

/** What the codes of `run-step` mean. */
const exitCodes: Arr.NonEmptyReadonlyArray<readonly [code: string, meaning: string]> = [
  ["0", "the step exited with one of --returncodes"],
  ["the step's own", "it exited with another code; 128 + N after signal N"],
  ["124", "the time limit was over, and the step was ended"],
  ["125", "the step was not run, or its log is not whole: usage, privilege, root, log directory"],
  ["126", "the step was found but cannot be executed"],
  ["127", "the step was not found"]
]

const text = (name: string, pseudoName: string, description: string) =>
  Options.text(name).pipe(Options.withPseudoName(pseudoName), Options.withDescription(description))

const time = (name: string, description: string) =>
  text(name, "time", `${description} Units are ms, s, m, h, d.`).pipe(
    Options.filterMap(parseDuration, `--${name} takes a time, such as 90s or 2m`)
  )

const options = {
  root: text(
    "root",
    "directory",
    "The directory that becomes the root of the step (needs CAP_SYS_CHROOT); \"local\", unless given, is no chroot."
  ).pipe(Options.withDefault("local")),
  copyDir: text(
    "copy-dir",
    "directory",
    "Where the package is inside the root: its steps are below skyhook_dir there. The step works in it."
  ),
  logDir: text(
    "log-dir",
    "directory",
    "Write log files below this directory inside the root, and keep the newest five of each step."
  ).pipe(Options.optional),
  package: text("package", "name", "The package, a directory below --log-dir.").pipe(Options.optional),
  packageVersion: text("package-version", "version", "Its version, a directory below that of the package.")
    .pipe(
      Options.optional
    ),
  returncodes: text("returncodes", "codes", "The exit codes that mean success: 0 unless given.").pipe(
    Options.filterMap(parseNumbers, "--returncodes takes exit codes, such as 0,3"),
    Options.withDefault([0])
  ),
  timeout: time("timeout", "End the step after this time.").pipe(Options.optional),
  grace: time("grace", "How long it has between SIGTERM and SIGKILL: 10s unless given.").pipe(
    Options.withDefault(Duration.seconds(10))
  ),
  onSignal: Options.choice("on-signal", ["forward", "finish-then-stop", "kill"]).pipe(
    Options.withDescription(
      "What SIGTERM, SIGINT, SIGHUP and SIGQUIT to the agent do: the step gets them too (unless given), it may finish, or "
        + "it is killed."
    ),
    Options.withDefault("forward" as const)
  ),
  env: text("env", "NAME=VALUE", "A variable of the step. Can be repeated; the last one of a name counts.")
    .pipe(
      Options.withAlias("e"),
      Options.repeated,
      Options.filterMap(parsePairs("="), "--env takes NAME=VALUE")
    ),
  noChmod: Options.boolean("no-chmod").pipe(
    Options.withDescription("Leave the mode of the step's file as it is.")
  ),
  launcher: Options.choice("launcher", ["thread", "process"]).pipe(
    Options.withDescription(
      "How the step is started: by a thread with a root of its own (unless given), or by agent chroot-exec."
    ),
    Options.withDefault("thread" as const)
  ),
  json: Options.boolean("json").pipe(
    Options.withDescription("Print events instead of the output, each on a line: started, line, ended.")
  )
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
  options,
  (parsed) => RunStep.run(parsed).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))
).pipe(
  Command.withDescription(HelpDoc.blocks([
    HelpDoc.p(
      "Run one step of a package to its end: in a root, with merged environments as chroot-exec, with log files, a time "
        + "limit, and nothing left of it afterwards. PATH is below skyhook_dir of --copy-dir; an argument env:NAME stands "
        + "for the value of a variable of the agent's."
    ),
    HelpDoc.h1("EXIT CODES"),
    HelpDoc.descriptionList(
      Arr.map(
        exitCodes,
        ([code, meaning]): [Span.Span, HelpDoc.HelpDoc] => [Span.text(code), HelpDoc.p(meaning)]
      )
    )
  ]))
)
