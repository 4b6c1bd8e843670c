/**
 * The commands of `agent`, with what help, usage errors and the manual say of them.
 *
 * @since 0.1.0
 */
import { chrootExecCommand, chrootExecPage } from "../chroot-exec/ChrootExecCommand.js"
import { jailCommand, jailPage } from "../jail/JailCommand.js"
import { jailRunPage } from "../jail/JailRunCommand.js"
import { runStepCommand, runStepPage } from "../run-step/RunStepCommand.js"
import { sandboxCommand, sandboxPage, sandboxSweepPage } from "../sandbox/SandboxCommand.js"
import { sandboxRunPage } from "../sandbox/SandboxRunCommand.js"
import * as CommandTable from "../shared/CommandTable.js"
import type { OptionAbout, Page } from "../shared/Grammar.js"

/**
 * The commands themselves, for `Command.withSubcommands`.
 *
 * @since 0.1.0
 * @category commands
 */
export const commands = [chrootExecCommand, runStepCommand, sandboxCommand, jailCommand] as const

/**
 * That of `agent` itself.
 *
 * @since 0.1.0
 * @category constants
 */
export const agentPage: Page = {
  ...CommandTable.nothing,
  name: "",
  summary: "run one command, once, confined",
  description: ["Its exit code and its error tell exactly how the command ended."]
}

/**
 * Every command that can be called, with those that only have subcommands.
 *
 * @since 0.1.0
 * @category constants
 */
export const pages: ReadonlyArray<Page> = [
  agentPage,
  chrootExecPage,
  runStepPage,
  sandboxPage,
  sandboxRunPage,
  sandboxSweepPage,
  jailPage,
  jailRunPage
]

/**
 * What `@effect/cli` takes for each of them.
 *
 * @since 0.1.0
 * @category constants
 */
export const builtIns: ReadonlyArray<OptionAbout> = [
  {
    name: "completions",
    choices: ["sh", "bash", "fish", "zsh"],
    presence: "optional",
    description: "Print the completion script for this shell."
  },
  {
    name: "log-level",
    choices: ["all", "trace", "debug", "info", "warning", "error", "fatal", "none"],
    presence: "optional",
    description: "How much is said on standard error; debug shows every operation."
  },
  { name: "help", alias: "h", presence: "optional", description: "Print this help." },
  {
    name: "wizard",
    presence: "optional",
    description: "Ask for every option and operand, then run the command."
  },
  { name: "version", presence: "optional", description: "Print the version." }
]

const words = ({ name }: Page): ReadonlyArray<string> => name === "" ? [] : name.split(" ")

/**
 * The page of the command that the arguments call, the one of the longest name that they begin with, and the arguments
 * behind that name.
 *
 * @since 0.1.0
 * @category accessors
 */
export const find = (
  argv: ReadonlyArray<string>
): { readonly page: Page; readonly rest: ReadonlyArray<string> } => {
  const page = pages
    .filter((page) => words(page).every((word, index) => argv[index] === word))
    .reduce((longest, page) => page.name.length > longest.name.length ? page : longest)
  return { page, rest: argv.slice(words(page).length) }
}

/**
 * The commands that have this one's name in front of their own.
 *
 * @since 0.1.0
 * @category accessors
 */
export const below = (page: Page): ReadonlyArray<Page> =>
  pages.filter(({ name }) => name !== page.name && (page.name === "" || name.startsWith(`${page.name} `)))
