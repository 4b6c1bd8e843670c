/**
 * The command `jail`, whose only subcommand is `run`.
 *
 * @since 0.1.0
 */
import { PrivMode } from "@chroot-exec/jail/PrivMode"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "../shared/AgentError.js"
import { parseDuration } from "../shared/OptionValues.js"
import * as Stdio from "../shared/Stdio.js"
import * as JailRun from "./JailRun.js"

const text = (name: string, placeholder: string, description: string) =>
  Options.text(name).pipe(
    Options.withPseudoName(placeholder),
    Options.withDescription(description),
    Options.optional
  )

const options = {
  name: text("name", "name", "Enter this jail, which exists: jexec(8)."),
  path: text(
    "path",
    "directory",
    "Make a jail with this root for the command, and remove it after: jail(8)."
  ),
  ip4: text(
    "ip4",
    "address",
    "The jail's IPv4 address, or inherit for all of the host's; without it, no IPv4."
  ),
  ip6: text(
    "ip6",
    "address",
    "The jail's IPv6 address, or inherit for all of the host's; without it, no IPv6."
  ),
  hostname: text("hostname", "hostname", "The jail's hostname."),
  vnet: Options.boolean("vnet").pipe(
    Options.withDescription("Give the jail a network stack of its own, without addresses of the host's.")
  ),
  devfsRuleset: Options.integer("devfs-ruleset").pipe(
    Options.withDescription("The ruleset of devfs(8) for what the jail mounts as devfs, 0..65535."),
    Options.optional
  ),
  allow: Options.text("allow").pipe(
    Options.withPseudoName("permission"),
    Options.withDescription(
      "An allow.* permission of jail(8), without allow.: raw_sockets. May be repeated."
    ),
    Options.repeated
  ),
  user: text("user", "user", "Run the command as this user of the jail's; as root when not given."),
  privMode: Options.choice("priv-mode", PrivMode.literals).pipe(
    Options.withDescription(
      "How to become root: by mdo(1), by the helper in COLIBRI_JAIL_HELPER, or by being root already (none). "
        + "COLIBRI_JAIL_PRIV_MODE when not given, else mdo."
    ),
    Options.optional
  ),
  env: Options.text("env").pipe(
    Options.withAlias("e"),
    Options.withPseudoName("name=value"),
    Options.withDescription("A variable for the command, over the inherited ones. May be repeated."),
    Options.repeated
  ),
  grace: Options.text("grace").pipe(
    Options.withPseudoName("time"),
    Options.withDescription(
      "How long the command has between SIGTERM and SIGKILL: 5s unless given. Units are ms, s, m, h, d."
    ),
    Options.filterMap(parseDuration, "--grace takes a time, such as 90s or 2m"),
    Options.withDefault(Duration.seconds(5))
  ),
  dryRun: Options.choice("dry-run", ["text", "json"]).pipe(
    Options.withDescription(
      "Print the command line and run nothing: an element a line (--dry-run, --dry-run=text), or as a JSON array "
        + "(--dry-run=json, --dry-run --json). Needs no privilege and no jail."
    ),
    Options.optional
  ),
  json: Options.boolean("json").pipe(Options.withDescription("With --dry-run: as a JSON array."))
}

const codes: NonEmptyReadonlyArray<readonly [code: string, meaning: string]> = [
  ["the command's own", "it ran in a jail that exists, or in none; 128 + N when signal N ended it"],
  ["0 or 1", "it ran in a jail made for it: jail(8) tells only success or failure"],
  ["1", "jexec(8) or jail(8) failed, as it says on standard error"],
  [
    "125",
    "the agent failed before: usage, the jail's description, privilege, or no such program on the host"
  ],
  ["126, 127", "without a jail: the command cannot be executed, or was not found"]
]

const description = HelpDoc.blocks([
  HelpDoc.p(
    "Run one command in a FreeBSD jail, with its arguments, environment and standard streams as they are. It and all "
      + "that it started in the jail end with the agent; SIGHUP, SIGINT, SIGQUIT and SIGTERM end it first (SIGTERM, "
      + "--grace, SIGKILL), then the agent by the same signal; a second one does not wait. Without --name and --path "
      + "there is no jail."
  ),
  HelpDoc.h1("EXIT CODES"),
  HelpDoc.descriptionList(
    Arr.map(codes, ([code, meaning]): [Span.Span, HelpDoc.HelpDoc] => [Span.text(code), HelpDoc.p(meaning)])
  )
])

/**
 * `jail run [options] -- CMD [ARG...]`. The command comes through `StepCommand`.
 *
 * @since 0.1.0
 * @category commands
 */
export const jailRunCommand = Command.make(
  "run",
  options,
  ({ dryRun, json, ...jail }) =>
    Effect.gen(function*() {
      if (Option.isSome(dryRun)) {
        {
          const lines = yield* JailRun.plan(jail, json ? "json" : dryRun.value)
          // Not through the console, which trims: the last argument may be empty.
          return yield* Stdio.writeOutput(`${lines}\n`)
        }
      }
      if (json) {
        return yield* new UsageError({ problem: "--json is for --dry-run", command: "agent jail run" })
      }
      process.exitCode = yield* JailRun.run(jail)
    }).pipe(Effect.tapErrorCause((cause) => Effect.logDebug(cause)))
).pipe(Command.withDescription(description))

/**
 * `jail`, for its subcommand.
 *
 * @since 0.1.0
 * @category commands
 */
export const jailCommand = Command.make(
  "jail",
  {},
  () => new UsageError({ problem: "no command given", command: "agent jail run" })
).pipe(
  Command.withDescription("Run a command in a FreeBSD jail."),
  Command.withSubcommands([jailRunCommand])
)
