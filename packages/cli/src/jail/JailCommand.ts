/**
 * The command `jail`, whose only subcommand is `run`.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import { UsageError } from "../shared/AgentError.js"
import * as CommandTable from "../shared/CommandTable.js"
import { fullName, type Page } from "../shared/Grammar.js"
import { jailRunCommand } from "./JailRunCommand.js"

/**
 * What the help and the manual say.
 *
 * @since 0.1.0
 * @category constants
 */
export const jailPage: Page = {
  ...CommandTable.nothing,
  name: "jail",
  summary: "run a command in a FreeBSD jail",
  description: ["The jail exists, and is entered by jexec(8), or is made for the command by jail(8)."]
}

/**
 * `jail run [options] -- CMD [ARG...]`.
 *
 * @since 0.1.0
 * @category commands
 */
export const jailCommand = Command.make(
  "jail",
  {},
  () => new UsageError({ problem: "no command given", command: fullName(jailPage) })
).pipe(
  Command.withDescription(CommandTable.toHelpDoc(jailPage)),
  Command.withSubcommands([jailRunCommand])
)
