/**
 * The manual pages of `agent`, from the definitions of its commands. The build runs this and writes the files.
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Usage from "@effect/cli/Usage"
import { agentCommand, SUMMARY } from "../Agent.js"
import { chrootExecCommand } from "../ChrootExecCommand.js"
import * as ManPage from "../ManPage.js"
import { withoutColors } from "../Stdio.js"
import { version } from "../Version.js"

const synopsis = (usage: Usage.Usage): string =>
  withoutColors(HelpDoc.toAnsiText(Usage.getHelp(usage))).trim()

/** The pages by file name. */
export const manPages: Readonly<Record<string, string>> = {
  "agent.1": ManPage.render({
    name: "agent",
    summary: SUMMARY,
    version: version(),
    synopsis: "agent <command> [<options>] [<operands>]",
    help: Command.getHelp(agentCommand, CliConfig.defaultConfig)
  }),
  "agent-chroot-exec.1": ManPage.render({
    name: "agent-chroot-exec",
    summary: "run one step, once, in another root",
    version: version(),
    synopsis: `agent ${synopsis(Command.getUsage(chrootExecCommand))}`,
    help: Command.getHelp(chrootExecCommand, CliConfig.defaultConfig)
  })
}
