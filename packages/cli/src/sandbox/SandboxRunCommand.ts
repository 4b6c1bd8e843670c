/**
 * The command `sandbox run`.
 *
 * @since 0.1.0
 */
import * as ByteSize from "@chroot-exec/sandbox/ByteSize"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as CommandTable from "../shared/CommandTable.js"
import { DRY_RUN } from "../shared/DryRun.js"
import type { Page } from "../shared/Grammar.js"
import * as OptionValues from "../shared/OptionValues.js"
import type { SandboxOptions } from "./SandboxInput.js"
import * as SandboxRun from "./SandboxRun.js"

const directory = OptionValues.text("directory")
const file = OptionValues.text("file")

const size: OptionValues.Value<ByteSize.ByteSize> = {
  placeholder: "size",
  expects: "a size, such as 512m or 2g",
  read: ByteSize.parse
}

const mount = OptionValues.pair("SRC:DST", ":")

const table: CommandTable.Table<SandboxOptions> = {
  image: CommandTable.required({
    name: "image",
    description: "The image, pulled when Docker has none of that name. Its ENTRYPOINT is not used."
  }, OptionValues.text("image")),
  cpus: CommandTable.optional(
    { name: "cpus", description: "How many processors the command may use, such as 0.5. Default: 1." },
    OptionValues.number("number")
  ),
  memory: CommandTable.optional(
    {
      name: "memory",
      description:
        "How much memory the command may use, files on a tmpfs included; there is no swap. Default: 512m."
    },
    size
  ),
  pids: CommandTable.optional(
    { name: "pids", description: "How many processes and threads there may be at once. Default: 256." },
    OptionValues.integer("number")
  ),
  timeout: CommandTable.optional({
    name: "timeout",
    description: "How long all of it may take, the pull included. Units are ms, s, m, h and d. Default: 60s."
  }, OptionValues.time),
  network: CommandTable.optional(
    {
      name: "network",
      description: "The network: none, bridge, or the name of a network of Docker's. Default: bridge."
    },
    OptionValues.text("network")
  ),
  env: CommandTable.repeated({
    name: "env",
    alias: "e",
    description: "A variable of the command. The last one of a name counts."
  }, OptionValues.pair("NAME=VALUE", "=")),
  envFile: CommandTable.optional({
    name: "env-file",
    description: "A file of variables, a NAME=VALUE a line; lines that begin with # are left out."
  }, file),
  workdir: CommandTable.optional({
    name: "workdir",
    description: "Where the command starts. Default: where the input is, else where the image says."
  }, directory),
  mount: CommandTable.repeated({
    name: "mount",
    description: "A path on Docker's host, read-only at another in the container."
  }, { ...mount, read: (text) => mount.read(text.replace(/:ro$/, "")) }),
  inputTar: CommandTable.optional({
    name: "input-tar",
    description: "A tar archive, plain or gzip, to unpack for the command; - reads standard input."
  }, file),
  input: CommandTable.optional({
    name: "input",
    description: "A directory to copy for the command, without what its .dockerignore names."
  }, directory),
  inputDir: CommandTable.optional(
    { name: "input-dir", description: "Where the input goes in the container. Default: /workspace." },
    directory
  ),
  stdin: CommandTable.flag({
    name: "stdin",
    alias: "i",
    description: "Let the command read standard input. Without it, it reads nothing."
  }),
  collect: CommandTable.repeated({
    name: "collect",
    description: "A file to bring back from the container, with --out or --json."
  }, OptionValues.text("path")),
  out: CommandTable.optional({
    name: "out",
    description: "Where collected files go, each with its whole path below it."
  }, directory),
  maxOutput: CommandTable.optional({
    name: "max-output",
    description: "How much of the output is passed on; the rest is dropped. Default: 16m."
  }, size),
  maxArtifact: CommandTable.optional({
    name: "max-artifact",
    description: "How large each collected file may be. Default: 64m."
  }, size),
  maxInput: CommandTable.optional({
    name: "max-input",
    description: "How large the unpacked input may be. Default: 1g."
  }, size),
  json: CommandTable.flag({
    name: "json",
    description: "Print the result as one JSON document, with the output in it, instead of the output."
  }),
  dryRun: CommandTable.optional({
    ...DRY_RUN,
    description:
      "Print the request that would create the container, and do nothing. Variables are only named, arguments counted."
  }, OptionValues.form)
}

/**
 * What the help and the manual say.
 *
 * @since 0.1.0
 * @category constants
 */
export const sandboxRunPage: Page = {
  name: "sandbox run",
  summary: "run one command, once, in a hardened container",
  description: [
    "The command runs in a container of its own: read-only root, no capabilities, an unprivileged user, no new privileges, "
    + "Docker's seccomp profile, limits on everything. /workspace and /tmp can be written to. Its output is passed on as it "
    + "comes; nothing of it is left in Docker when agent ends. SIGHUP, SIGINT, SIGQUIT and SIGTERM remove it first.",
    "DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and DOCKER_CONFIG mean what they mean to docker(1)."
  ],
  ...CommandTable.abouts(table),
  command: "CMD [ARG...]",
  exitCodes: [
    ["the command's own", "it ran and exited; 128 + N after signal N"],
    ["124", "the time limit was over, and the command was killed"],
    ["125", "the command was not run, or how it ended is not known: usage, Docker, image, input"],
    ["126", "the command was found in the image but cannot be executed"],
    ["127", "the command was not found in the image"]
  ]
}

/**
 * `sandbox run [options] -- CMD [ARG...]`. The command comes through `StepCommand`.
 *
 * @since 0.1.0
 * @category commands
 */
export const sandboxRunCommand = Command.make(
  "run",
  table,
  (options) => SandboxRun.run(options).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))
).pipe(Command.withDescription(CommandTable.toHelpDoc(sandboxRunPage)))
