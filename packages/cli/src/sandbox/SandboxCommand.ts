/**
 * The command `sandbox` with its subcommands `run` and `sweep`, for `agent` and for any other `@effect/cli` program to
 * mount.
 *
 * @since 0.1.0
 */
import * as ByteSize from "@chroot-exec/sandbox/ByteSize"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as Options from "@effect/cli/Options"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { parseDuration, parsePairs } from "../shared/OptionValues.js"
import * as SandboxRun from "./SandboxRun.js"

/** What the codes of `sandbox run` mean. */
const exitCodes: NonEmptyReadonlyArray<readonly [code: string, meaning: string]> = [
  ["the command's own", "it ran and exited; 128 + N after signal N"],
  ["124", "the time limit was over, and the command was killed"],
  ["125", "the command was not run, or how it ended is not known: usage, Docker, image, input"],
  ["126", "the command was found in the image but cannot be executed"],
  ["127", "the command was not found in the image"]
]

const size = (name: string, description: string) =>
  Options.text(name).pipe(
    Options.withPseudoName("size"),
    Options.withDescription(description),
    Options.filterMap(ByteSize.parse, `--${name} takes a size, such as 512m or 2g`),
    Options.optional
  )

const text = (name: string, pseudoName: string, description: string) =>
  Options.text(name).pipe(
    Options.withPseudoName(pseudoName),
    Options.withDescription(description),
    Options.optional
  )

const options = {
  image: Options.text("image").pipe(
    Options.withPseudoName("image"),
    Options.withDescription(
      "The image, pulled when Docker has none of that name. Its ENTRYPOINT is not used."
    )
  ),
  cpus: Options.float("cpus").pipe(
    Options.withDescription("How many processors' time: 1 unless given."),
    Options.optional
  ),
  memory: size("memory", "Memory, files on a tmpfs included; there is no swap: 512m unless given."),
  pids: Options.integer("pids").pipe(
    Options.withDescription("Processes and threads at once: 256 unless given."),
    Options.optional
  ),
  timeout: Options.text("timeout").pipe(
    Options.withPseudoName("time"),
    Options.withDescription("For all of it, the pull included: 60s unless given. Units are ms, s, m, h, d."),
    Options.filterMap(parseDuration, "--timeout takes a time, such as 90s or 2m"),
    Options.optional
  ),
  network: text("network", "network", "none, bridge (unless given) or the name of a network of Docker's."),
  env: Options.text("env").pipe(
    Options.withAlias("e"),
    Options.withPseudoName("NAME=VALUE"),
    Options.withDescription("A variable of the command. Can be repeated; the last one of a name counts."),
    Options.repeated,
    Options.filterMap(parsePairs("="), "--env takes NAME=VALUE")
  ),
  envFile: text("env-file", "file", "Variables, a NAME=VALUE a line; lines that begin with # are left out."),
  workdir: text(
    "workdir",
    "directory",
    "Where the command starts: where the input is, or the image's, unless given."
  ),
  mount: Options.text("mount").pipe(
    Options.withPseudoName("SRC:DST"),
    Options.withDescription(
      "A path on Docker's host, read-only at another in the container. Can be repeated."
    ),
    Options.repeated,
    Options.filterMap(
      (mounts) => parsePairs(":")(mounts.map((mount) => mount.replace(/:ro$/, ""))),
      "--mount takes SRC:DST"
    )
  ),
  inputTar: text(
    "input-tar",
    "file",
    "A tar archive, plain or gzip, to unpack for the command; - reads standard input."
  ),
  input: text(
    "input",
    "directory",
    "A directory to copy for the command, without what its .dockerignore names."
  ),
  inputDir: text("input-dir", "directory", "Where the input goes in the container: /workspace unless given."),
  stdin: Options.boolean("stdin").pipe(
    Options.withAlias("i"),
    Options.withDescription("Let the command read standard input. Without it, it reads nothing.")
  ),
  collect: Options.text("collect").pipe(
    Options.withPseudoName("path"),
    Options.withDescription(
      "A file to bring back from the container, with --out or --json. Can be repeated."
    ),
    Options.repeated
  ),
  out: text("out", "directory", "Where collected files go, each with its whole path below it."),
  maxOutput: size(
    "max-output",
    "How much of the output is passed on; the rest is dropped: 16m unless given."
  ),
  maxArtifact: size("max-artifact", "How large each collected file may be: 64m unless given."),
  maxInput: size("max-input", "How large the unpacked input may be: 1g unless given."),
  json: Options.boolean("json").pipe(
    Options.withDescription(
      "Print the result as one JSON document, with the output in it, instead of the output."
    )
  ),
  dryRun: Options.choice("dry-run", ["text", "json"]).pipe(
    Options.withDescription(
      "Print the request that would create the container, and do nothing. Variables are only named, arguments counted."
    ),
    Options.optional
  )
}

/**
 * `sandbox run`.
 *
 * @since 0.1.0
 * @category commands
 */
export const sandboxRunCommand = Command.make(
  "run",
  options,
  (parsed) => SandboxRun.run(parsed).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))
).pipe(
  Command.withDescription(HelpDoc.blocks([
    HelpDoc.p(
      "Run one command, once, in a container of its own: read-only root, no capabilities, a user of no rights, no new "
        + "privileges, Docker's seccomp profile, limits on everything. /workspace and /tmp can be written to. Its output is "
        + "passed on as it comes; nothing of it is left in Docker when agent ends."
    ),
    HelpDoc.p(
      "DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and DOCKER_CONFIG mean what they mean to docker(1)."
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

/**
 * `sandbox sweep`.
 *
 * @since 0.1.0
 * @category commands
 */
export const sandboxSweepCommand = Command.make("sweep", {}, () => SandboxRun.sweepAll).pipe(
  Command.withDescription(
    "Remove the containers and volumes that were left in Docker by a run whose process was killed, and print them. What "
      + "belongs to a process that still runs, or to another host, is left alone."
  )
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
export const sandboxCommand = Command.make("sandbox").pipe(
  Command.withDescription("Run commands in hardened one-shot containers."),
  Command.withSubcommands([sandboxRunCommand, sandboxSweepCommand])
)
