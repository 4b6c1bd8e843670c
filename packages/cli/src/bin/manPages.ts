/**
 * The manual pages of `agent`, from the definitions of its commands. The build runs this and writes the files.
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Usage from "@effect/cli/Usage"
import { agentCommand, SUMMARY } from "../agent/Agent.js"
import * as ManPage from "../agent/ManPage.js"
import { subcommands } from "../agent/Subcommands.js"
import { withoutColors } from "../shared/Stdio.js"
import { version } from "../Version.js"

const synopsis = (usage: Usage.Usage): string =>
  withoutColors(HelpDoc.toAnsiText(Usage.getHelp(usage))).trim()

/** The usage of a subcommand has only the last word of its name. */
const afterName = (usage: Usage.Usage): string => synopsis(usage).replace(/^\S+ ?/, "")

const pageName = (name: string): string => ["agent", ...name.split(" ")].join("-")

/** The pages by file name. */
export const manPages: Readonly<Record<string, string>> = {
  "agent.1": ManPage.render({
    name: "agent",
    summary: SUMMARY,
    version: version(),
    synopsis: "agent <command> [<options>] [<operands>]",
    help: Command.getHelp(agentCommand, CliConfig.defaultConfig)
  }),
  ...Object.fromEntries(subcommands.map(({ help, name, operands, summary, usage }) => [
    `${pageName(name)}.1`,
    ManPage.render({
      name: pageName(name),
      summary,
      version: version(),
      synopsis: ["agent", name, afterName(usage), operands].join(" ").trimEnd(),
      help
    })
  ]))
}
