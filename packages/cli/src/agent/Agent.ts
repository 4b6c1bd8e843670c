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
import { type AgentError, type OutputFailed, UsageError } from "../shared/AgentError.js"
import * as Argv from "../shared/Argv.js"
import * as CommandTable from "../shared/CommandTable.js"
import { fullName, type Page, PROGRAM } from "../shared/Grammar.js"
import * as Stdio from "../shared/Stdio.js"
import { StepCommand } from "../shared/StepCommand.js"
import { version } from "../Version.js"
import * as Help from "./Help.js"
import * as Pages from "./Pages.js"
import * as Usage from "./Usage.js"

/**
 * `agent` with all its subcommands.
 *
 * @since 0.1.0
 * @category commands
 */
export const agentCommand = Command.make(
  PROGRAM,
  {},
  () => new UsageError({ problem: "no command given", command: PROGRAM })
).pipe(
  Command.withDescription(CommandTable.toHelpDoc(Pages.agentPage)),
  Command.withSubcommands(Pages.commands)
)

/** Names are case-sensitive, as everywhere else on Linux. */
const cliConfig = CliConfig.layer({ isCaseSensitive: true })

const text = (help: HelpDoc.HelpDoc): string => Stdio.withoutColors(HelpDoc.toAnsiText(help)).trim()

/** What a command takes, with what every command takes. */
const optionsOf = ({ options }: Page) => [...options, ...Pages.builtIns]

const usageError = (error: ValidationError.ValidationError, argv: ReadonlyArray<string>): UsageError => {
  const { page, rest } = Pages.find(argv)
  const problem = Usage.problem(rest, optionsOf(page), Pages.below(page).length > 0)
  return new UsageError({
    problem: problem ?? text(error.error).replace(/\s+/g, " "),
    command: fullName(page)
  })
}

/** No wider than this: longer lines are hard to read. */
const WIDEST = 100

const printHelp = (page: Page): Effect.Effect<void, OutputFailed> =>
  Effect.suspend(() => {
    const subject = { page, below: Pages.below(page), builtIns: Pages.builtIns }
    // A terminal that does not tell has 0.
    const columns = Stdio.isTerminal(1) ? Math.min(process.stdout.columns || WIDEST, WIDEST) : undefined
    return Stdio.writeOutput(`${Help.render(subject, { columns, bold: Stdio.outputHasColors() })}\n`)
  })

/**
 * What is printed goes to standard output by descriptor, without colours unless it is a terminal. The long error pages of
 * `@effect/cli` are dropped: the error is reported in one line.
 */
const withOutput = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(effect, {
      ...console,
      log: (...parts) => {
        const printed = `${parts.join(" ").trimEnd()}\n`
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
  const { page } = Pages.find(argv)
  const { argv: own, command } = page.command === "" ? { argv, command: [] } : Argv.split(argv)
  const normal = Argv.normalize(own)
  if (Usage.asksForHelp(normal, optionsOf(page))) return printHelp(page)
  const problem = Usage.missingValue(normal, optionsOf(page))
  if (problem !== undefined) return new UsageError({ problem, command: fullName(page) })
  return Command.run(agentCommand, {
    name: PROGRAM,
    version: version(),
    executable: PROGRAM,
    summary: Span.text(Pages.agentPage.summary)
  })(["node", PROGRAM, ...Argv.separateValues(normal)]).pipe(
    withOutput,
    Effect.provideService(StepCommand, command),
    Effect.mapError((error) => ValidationError.isValidationError(error) ? usageError(error, normal) : error),
    Effect.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, terminal(normal), cliConfig))
  )
}
