/**
 * The command `jail run`.
 *
 * @since 0.1.0
 */
import { PrivMode } from "@chroot-exec/jail/PrivMode"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as CommandTable from "../shared/CommandTable.js"
import { DRY_RUN } from "../shared/DryRun.js"
import type { Page } from "../shared/Grammar.js"
import * as OptionValues from "../shared/OptionValues.js"
import * as JailRun from "./JailRun.js"

const address = OptionValues.text("address")

const table: CommandTable.Table<JailRun.JailRunOptions> = {
  name: CommandTable.optional(
    { name: "name", description: "Enter this jail, which exists: jexec(8)." },
    OptionValues.text("name")
  ),
  path: CommandTable.optional({
    name: "path",
    description: "Make a jail with this root for the command, and remove it after: jail(8)."
  }, OptionValues.text("directory")),
  ip4: CommandTable.optional({
    name: "ip4",
    description: "The jail's IPv4 address, or inherit for all of the host's; without it, no IPv4."
  }, address),
  ip6: CommandTable.optional({
    name: "ip6",
    description: "The jail's IPv6 address, or inherit for all of the host's; without it, no IPv6."
  }, address),
  hostname: CommandTable.optional(
    { name: "hostname", description: "The jail's hostname." },
    OptionValues.text("hostname")
  ),
  vnet: CommandTable.flag({
    name: "vnet",
    description: "Give the jail a network stack of its own, without addresses of the host's."
  }),
  devfsRuleset: CommandTable.optional({
    name: "devfs-ruleset",
    description: "The ruleset of devfs(8) for what the jail mounts as devfs, 0..65535."
  }, OptionValues.integer("number")),
  allow: CommandTable.repeated({
    name: "allow",
    description: "A permission of jail(8) without its allow., such as raw_sockets."
  }, OptionValues.text("permission")),
  user: CommandTable.optional({
    name: "user",
    description: "Run the command as this user of the jail. Default: root."
  }, OptionValues.text("user")),
  privMode: CommandTable.optional({
    name: "priv-mode",
    description:
      "How to become root: by mdo(1), by the helper in COLIBRI_JAIL_HELPER, or by being root already (none). Default: "
      + "what COLIBRI_JAIL_PRIV_MODE says, else mdo."
  }, OptionValues.choice(...PrivMode.literals)),
  env: CommandTable.repeated({
    name: "env",
    alias: "e",
    description: "A variable for the command, over the inherited ones. The last one of a name counts."
  }, OptionValues.pair("NAME=VALUE", "=")),
  grace: CommandTable.withDefault(
    {
      name: "grace",
      description: "How long the command has between SIGTERM and SIGKILL. Units are ms, s, m, h and d."
    },
    OptionValues.time,
    "5s"
  ),
  dryRun: CommandTable.optional({
    ...DRY_RUN,
    description:
      "Print the command line and run nothing: an element a line, or as a JSON array. Needs no privilege and no jail."
  }, OptionValues.form),
  json: CommandTable.flag({
    name: "json",
    description: `With --${DRY_RUN.name}: as a JSON array.`
  })
}

/**
 * What the help and the manual say.
 *
 * @since 0.1.0
 * @category constants
 */
export const jailRunPage: Page = {
  name: "jail run",
  summary: "run one command in a FreeBSD jail",
  description: [
    "The command has its arguments, environment and standard streams as they are. It and all that it started in the jail "
    + "end with the agent. SIGHUP, SIGINT, SIGQUIT and SIGTERM end it first (SIGTERM, --grace, SIGKILL), then the agent by "
    + "the same signal; a second one does not wait. Without --name and --path there is no jail."
  ],
  ...CommandTable.abouts(table),
  command: "CMD [ARG...]",
  exitCodes: [
    ["the command's own", "it ran in a jail that exists, or in none; 128 + N when signal N ended it"],
    ["0 or 1", "it ran in a jail made for it: jail(8) tells only success or failure"],
    ["1", "jexec(8) or jail(8) failed, as it says on standard error"],
    [
      "125",
      "the agent failed before: usage, the jail's description, privilege, or no such program on the host"
    ],
    ["126, 127", "without a jail: the command cannot be executed, or was not found"]
  ]
}

/**
 * `jail run [options] -- CMD [ARG...]`. The command comes through `StepCommand`.
 *
 * @since 0.1.0
 * @category commands
 */
export const jailRunCommand = Command.make(
  "run",
  table,
  (options) => JailRun.command(options).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))
).pipe(Command.withDescription(CommandTable.toHelpDoc(jailRunPage)))
