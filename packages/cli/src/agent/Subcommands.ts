/**
 * The subcommands of `agent`, with what help, usage errors and the manual need to know of them.
 *
 * @since 0.1.0
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as CliUsage from "@effect/cli/Usage"
import { chrootExecCommand } from "../chroot-exec/ChrootExecCommand.js"
import { jailCommand, jailRunCommand } from "../jail/JailRunCommand.js"
import { runStepCommand } from "../run-step/RunStepCommand.js"
import { sandboxCommand, sandboxRunCommand, sandboxSweepCommand } from "../sandbox/SandboxCommand.js"

/**
 * A subcommand, or a subcommand of one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subcommand {
  /** As it is called after `agent`: `chroot-exec`. */
  readonly name: string
  /** What it does, in a line, without a full stop. */
  readonly summary: string
  /** What it takes behind `--`, which is no option or operand of ours: `-- CMD [ARG...]`; empty when it takes none. */
  readonly operands: string
  readonly help: HelpDoc.HelpDoc
  readonly usage: CliUsage.Usage
}

const describe = <Name extends string, R, E, A>(
  command: Command.Command<Name, R, E, A>,
  about: { readonly name: string; readonly summary: string; readonly operands?: string }
): Subcommand => ({
  operands: "",
  ...about,
  help: Command.getHelp(command, CliConfig.defaultConfig),
  usage: Command.getUsage(command)
})

/**
 * The commands themselves, for `Command.withSubcommands`.
 *
 * @since 0.1.0
 * @category commands
 */
export const commands = [chrootExecCommand, runStepCommand, sandboxCommand, jailCommand] as const

/**
 * Every subcommand that can be called.
 *
 * @since 0.1.0
 * @category constants
 */
export const subcommands: ReadonlyArray<Subcommand> = [
  describe(chrootExecCommand, { name: "chroot-exec", summary: "run one step, once, in another root" }),
  describe(runStepCommand, {
    name: "run-step",
    summary: "run a step of a package to its end, with logs and a time limit",
    operands: "-- PATH [ARG...]"
  }),
  describe(sandboxCommand, { name: "sandbox", summary: "run commands in hardened one-shot containers" }),
  describe(sandboxRunCommand, {
    name: "sandbox run",
    summary: "run one command, once, in a hardened container",
    operands: "-- CMD [ARG...]"
  }),
  describe(sandboxSweepCommand, { name: "sandbox sweep", summary: "remove what killed runs left in Docker" }),
  describe(jailRunCommand, {
    name: "jail run",
    summary: "run one command in a FreeBSD jail",
    operands: "-- CMD [ARG...]"
  })
]

/**
 * The subcommand that the arguments call: the one of the longest name that they begin with.
 *
 * @since 0.1.0
 * @category accessors
 */
export const find = (argv: ReadonlyArray<string>): Subcommand | undefined =>
  subcommands
    .filter(({ name }) => name.split(" ").every((word, index) => argv[index] === word))
    .sort((one, other) => other.name.length - one.name.length)[0]

/**
 * Whether a word calls no subcommand by itself, but is the first of some: `jail` of `jail run`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isGroup = (word: string | undefined): boolean =>
  word !== undefined && subcommands.some(({ name }) => name.startsWith(`${word} `))
