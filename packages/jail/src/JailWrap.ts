/**
 * The command line that runs a command in a jail. Pure.
 *
 * @since 0.1.0
 */
import type { JailConfig } from "./JailConfig.js"
import type { PrivMode } from "./PrivMode.js"

/**
 * A program and its arguments, without the program's own name among them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wrapped {
  readonly program: string
  readonly argv: ReadonlyArray<string>
}

/**
 * Where FreeBSD's programs are.
 *
 * Absolute: they run as root, with the environment of the command, whose PATH must not decide what they are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Programs {
  readonly mdo: string
  readonly jexec: string
  readonly jail: string
}

/**
 * The paths of the base system: hier(7).
 *
 * @since 0.1.0
 * @category constants
 */
export const BASE: Programs = { mdo: "/usr/bin/mdo", jexec: "/usr/sbin/jexec", jail: "/usr/sbin/jail" }

/**
 * `jexec` or `jail` with the privilege that it needs.
 *
 * - `mdo -u root PROGRAM ARG...`: mdo(1) executes the program with the environment it was given. Its options end at the
 *   first operand, so that no argument is taken for one.
 * - `HELPER jexec|jail ARG...`
 *
 * @since 0.1.0
 * @category constructors
 */
export const privileged = (
  tool: "jexec" | "jail",
  args: ReadonlyArray<string>,
  privMode: PrivMode,
  helper: string,
  programs: Programs = BASE
): Wrapped => {
  switch (privMode) {
    case "mdo":
      return { program: programs.mdo, argv: ["-u", "root", programs[tool], ...args] }
    case "helper":
      return { program: helper, argv: [tool, ...args] }
    case "none":
      return { program: programs[tool], argv: args }
  }
}

const parameter = (name: string, value: string | number | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [`${name}=${value}`]

/** An address makes `ip4` or `ip6` new by itself: jail(8). */
const addresses = (family: "ip4" | "ip6", value: string | undefined): ReadonlyArray<string> =>
  parameter(value === "inherit" ? family : `${family}.addr`, value)

/**
 * The parameters of an ephemeral jail, in an order of ours. jail(8) splits each at its first `=`, and substitutes
 * nothing in them: variables and lists with `+=` belong to jail.conf(5).
 */
const parameters = (jail: JailConfig, name: string | undefined): ReadonlyArray<string> => [
  ...parameter("name", name),
  ...parameter("path", jail.path),
  ...addresses("ip4", jail.ip4),
  ...addresses("ip6", jail.ip6),
  ...parameter("host.hostname", jail.hostname),
  ...parameter("vnet", jail.vnet === true ? "new" : undefined),
  ...parameter("devfs_ruleset", jail.devfsRuleset),
  ...Object.entries(jail.allow ?? {}).map(([permission, value]) => `allow.${permission}=${value}`),
  ...parameter("exec.jail_user", jail.user)
]

/**
 * A command, wrapped so that it runs in a jail:
 *
 * - `name`: `jexec [-U USER] NAME COMMAND ARG...`. Without `-l`, so that the environment is inherited; `-U` is a user
 *   of the jail. getopt(3) ends at NAME; jexec(8) executes the rest, in the same process.
 * - `path`: `jail -c PARAMETER=VALUE... command=COMMAND ARG...`. What follows `command=` is the command's own, each
 *   element an argument, and no shell sees it: "command uses the remainder of the jail command line as its own
 *   arguments" (jail(8)).
 * - neither: the command itself.
 *
 * `ephemeralName` is the name of the jail that `path` makes; without it the kernel makes one of its jid. `helper` is
 * used in the mode of that name only.
 *
 * @since 0.1.0
 * @category constructors
 */
export const jailWrap = (
  jail: JailConfig | undefined,
  privMode: PrivMode,
  helper: string,
  binary: string,
  args: ReadonlyArray<string>,
  { ephemeralName, programs = BASE }: {
    readonly ephemeralName?: string | undefined
    readonly programs?: Programs | undefined
  } = {}
): Wrapped => {
  if (jail?.name !== undefined) {
    const user = jail.user === undefined ? [] : ["-U", jail.user]
    return privileged("jexec", [...user, jail.name, binary, ...args], privMode, helper, programs)
  }
  if (jail?.path !== undefined) {
    const command = ["-c", ...parameters(jail, ephemeralName), `command=${binary}`, ...args]
    return privileged("jail", command, privMode, helper, programs)
  }
  return { program: binary, argv: args }
}
