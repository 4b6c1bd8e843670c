/**
 * The command `agent`: its subcommands, its help, and what is said when it is called wrongly.
 *
 * @since 0.1.0
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Terminal from "@effect/platform/Terminal"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type AgentError, UsageError } from "../shared/AgentError.js"
import * as Argv from "../shared/Argv.js"
import * as Stdio from "../shared/Stdio.js"
import { StepCommand } from "../shared/StepCommand.js"
import { version } from "../Version.js"
import * as Subcommands from "./Subcommands.js"
import * as Usage from "./Usage.js"

const NAME = "agent"

/**
 * What it is, in a line.
 *
 * @since 0.1.0
 * @category constants
 */
export const SUMMARY = "run one command, once, confined"

/**
 * `agent` with all its subcommands.
 *
 * @since 0.1.0
 * @category commands
 */
export const agentCommand = Command.make(
  NAME,
  {},
  () => new UsageError({ problem: "no command given", command: NAME })
).pipe(
  Command.withDescription("Run one command, once, confined, and tell exactly how it ended."),
  Command.withSubcommands(Subcommands.commands)
)

/** Names are case-sensitive, as everywhere else on Linux. */
const cliConfig = CliConfig.layer({ isCaseSensitive: true })

/** The command that the arguments are for, by the name that people type. */
const commandOf = (argv: ReadonlyArray<string>) => {
  const subcommand = Subcommands.find(argv)
  return subcommand === undefined
    ? { name: NAME, help: Command.getHelp(agentCommand, CliConfig.defaultConfig) }
    : { name: `${NAME} ${subcommand.name}`, help: subcommand.help }
}

const text = (help: HelpDoc.HelpDoc): string => Stdio.withoutColors(HelpDoc.toAnsiText(help)).trim()

const usageError = (error: ValidationError.ValidationError, argv: ReadonlyArray<string>): UsageError => {
  const { help, name } = commandOf(argv)
  const words = name === NAME && Subcommands.isGroup(argv[0]) ? argv.slice(1) : argv
  const problem = Usage.problem(words, text(help), name === NAME) ?? text(error.error).replace(/\s+/g, " ")
  return new UsageError({ problem, command: name })
}

const USAGE_LINE = /^(\$ (?:\u001b\[[0-9;]*m)*)(.*)$/m

/** The list of subcommands has their usages in a column that is as wide as the longest one. */
const withoutColumns = (help: string): string => help.replace(/(\S) {3,}/g, "$1  ").replace(/ +$/gm, "")

/** The usage of a subcommand as people call it: `@effect/cli` knows neither the program's name nor what follows `--`. */
const asCalled = (help: string, subcommand: Subcommands.Subcommand | undefined): string => {
  if (subcommand === undefined) return help
  const name = subcommand.name.split(" ").at(-1) ?? ""
  return help.replace(
    USAGE_LINE,
    (_, prompt: string, usage: string) =>
      [prompt + NAME, usage.replace(name, subcommand.name), subcommand.operands].join(" ").trimEnd()
  )
}

/**
 * What `@effect/cli` prints goes to standard output by descriptor, without colours unless it is a terminal. Its
 * long error pages are dropped: the error is reported in one line.
 */
const withOutput =
  (subcommand: Subcommands.Subcommand | undefined) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Console.consoleWith((console) =>
      Effect.withConsole(effect, {
        ...console,
        log: (...parts) => {
          const printed = asCalled(withoutColumns(`${parts.join(" ").trimEnd()}\n`), subcommand)
          // A console cannot fail: `runMain` finds the OutputFailed in the defect.
          return Effect.orDie(
            Stdio.writeOutput(Stdio.outputHasColors() ? printed : Stdio.withoutColors(printed))
          )
        },
        error: () => Effect.void
      })
    )

const noTerminal = Effect.dieMessage("only a wizard talks to the terminal")

/** Only a wizard talks to a terminal. For all else, making one would touch standard input, which is the step's. */
const terminal = (argv: ReadonlyArray<string>): Layer.Layer<Terminal.Terminal> =>
  argv.includes("--wizard")
    ? NodeTerminal.layer
    : Layer.succeed(Terminal.Terminal, {
      columns: noTerminal,
      rows: noTerminal,
      isTTY: Effect.succeed(false),
      readInput: noTerminal,
      readLine: noTerminal,
      display: () => noTerminal
    })

/**
 * Runs `agent` with these arguments (those after the program's name). Fails with an `AgentError`.
 *
 * @since 0.1.0
 * @category operations
 */
export const runAgent = (argv: ReadonlyArray<string>): Effect.Effect<void, AgentError> => {
  const subcommand = Subcommands.find(argv)
  const { argv: own, command } = subcommand?.operands ? Argv.split(argv) : { argv, command: [] }
  const normal = Argv.normalize(own)
  return Command.run(agentCommand, {
    name: NAME,
    version: version(),
    executable: NAME,
    summary: Span.text(SUMMARY)
  })(["node", NAME, ...Argv.separateValues(normal)]).pipe(
    withOutput(subcommand),
    Effect.provideService(StepCommand, command),
    Effect.mapError((error) => ValidationError.isValidationError(error) ? usageError(error, normal) : error),
    Effect.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, terminal(normal), cliConfig))
  )
}
