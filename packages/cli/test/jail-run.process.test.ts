/**
 * `agent jail run` without privileges: what it would run, what it refuses, and commands without a jail.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { containerEnv } from "./support/Agent.js"
import { call, nobody, said, start } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const agent = (argv: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.scoped(Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    const { pid: _, ...ended } = yield* call(sandbox, ["jail", "run", ...argv], { env, user: nobody })
    return ended
  }))

const ends = (exit: number, stdout: string, stderr = "") => ({ exit, signal: null, stdout, stderr })

const COMMAND = ["--", "/bin/sh", "-c", "echo $X", "-n", "--name", "a=b", ""]

describe("--dry-run", () => {
  it.live("prints an element a line", () =>
    Effect.map(
      agent(["--name", "web", "--user", "pi", "--dry-run", ...COMMAND]),
      (ended) =>
        expect(ended).toStrictEqual(ends(
          0,
          "/usr/bin/mdo\n-u\nroot\n/usr/sbin/jexec\n-U\npi\nweb\n/bin/sh\n-c\necho $X\n-n\n--name\na=b\n\n"
        ))
    ))

  it.live("quotes what would not stay on its line", () =>
    Effect.map(
      agent(["--name", "web", "--priv-mode", "none", "--dry-run", "--", "a\nb", "\u001b[1m"]),
      (ended) => expect(ended).toStrictEqual(ends(0, "/usr/sbin/jexec\nweb\n\"a\\nb\"\n\"\\u001b[1m\"\n"))
    ))

  it.live.each(["--dry-run --json", "--dry-run=json"])("%s prints JSON", (options) =>
    Effect.map(
      agent([
        "--path",
        "/jails/a b",
        "--ip4",
        "192.0.2.7",
        "--ip6",
        "inherit",
        "--hostname",
        "pi.example",
        "--devfs-ruleset",
        "4",
        "--allow",
        "raw_sockets",
        "--allow",
        "mount.nullfs",
        "-e",
        "A=hunter2",
        ...options.split(" "),
        ...COMMAND
      ], { COLIBRI_JAIL_PRIV_MODE: "helper", COLIBRI_JAIL_HELPER: "/usr/local/libexec/helper" }),
      ({ exit, stderr, stdout }) => {
        expect({ exit, stderr }).toStrictEqual({ exit: 0, stderr: "" })
        expect(JSON.parse(stdout.replace(/name=agent-[0-9a-f]{32}/, "name=agent-ID"))).toStrictEqual([
          "/usr/local/libexec/helper",
          "jail",
          "-c",
          "name=agent-ID",
          "path=/jails/a b",
          "ip4.addr=192.0.2.7",
          "ip6=inherit",
          "host.hostname=pi.example",
          "devfs_ruleset=4",
          "allow.raw_sockets=true",
          "allow.mount.nullfs=true",
          "command=/bin/sh",
          ...COMMAND.slice(2)
        ])
      }
    ))

  it.live("the option wins over the variable", () =>
    Effect.map(
      agent(["--name", "web", "--priv-mode", "none", "--dry-run", "--", "ls"], {
        COLIBRI_JAIL_PRIV_MODE: "wrong"
      }),
      (ended) => expect(ended).toStrictEqual(ends(0, "/usr/sbin/jexec\nweb\nls\n"))
    ))
})

describe("without a jail", () => {
  it.live("the command runs as it is, whatever the variables say", () =>
    Effect.map(
      agent([
        "-e",
        "X=1",
        "-e",
        "X=2",
        "--",
        "sh",
        "-c",
        "echo $X $CONTAINER_ONLY \"$@\"; exit 7",
        "sh",
        "-e",
        "--"
      ], {
        COLIBRI_JAIL_PRIV_MODE: "wrong"
      }),
      (ended) => expect(ended).toStrictEqual(ends(7, "2 c1 -e --\n"))
    ))

  it.live("128 + N after signal N", () =>
    Effect.map(
      agent(["--", "sh", "-c", "kill -TERM $$"]),
      (ended) => expect(ended).toStrictEqual(ends(143, ""))
    ))

  it.live("a signal ends the command, then the agent", () =>
    Effect.scoped(Effect.gen(function*() {
      const sandbox = yield* Sandbox.scoped({ withRoot: false })
      const script = "exec 2>/dev/null; trap 'echo bye; exit' TERM; echo ready; while :; do sleep 0.05; done"
      const child = yield* start(sandbox, ["jail", "run", "--", "sh", "-c", script])
      yield* child.firstLine
      process.kill(child.pid, "SIGINT")
      expect(said(yield* child.ended))
        .toStrictEqual({ exit: null, signal: "SIGINT", stdout: "ready\nbye\n", stderr: "" })
    })))
})

const LOADER_VARIABLES = [
  "LD_LIBRARY_PATH",
  "LD_LIBRARY_PATH_FDS",
  "LD_LIBRARY_PATH_RPATH",
  "LD_PRELOAD",
  "LD_PRELOAD_FDS",
  "LD_LIBMAP",
  "LD_LIBMAP_DISABLE",
  "LD_ELF_HINTS_PATH",
  "LD_LOADFLTR",
  "LD_DEBUG",
  "LD_UTRACE",
  "LD_32_PRELOAD",
  "LD_",
  "LD_NEW"
]

describe("the environment", () => {
  /** The entries that the command gets, in any order. */
  const entries = (options: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
    Effect.map(agent([...options, "--", "cat", "/proc/self/environ"], env), ({ exit, stderr, stdout }) => {
      expect({ exit, stderr }).toStrictEqual({ exit: 0, stderr: "" })
      return stdout.split("\0").sort()
    })

  const ODD = {
    "": "no=name",
    LINES: "a\n\nB=b\n",
    "LINES\nIN": "n",
    EMPTY: "",
    "%-~": "\u001b\u007f",
    TEXT: "caf\u00e9 \u{1f600} \ufffd",
    ["__proto__"]: "own",
    NODE_OPTIONS: "--no-such-option"
  }

  const entriesOf = (env: Readonly<Record<string, string>>) =>
    ["", ...Object.entries({ ...containerEnv, ...env }).map(([name, value]) => `${name}=${value}`)].sort()

  it.live(
    "is the caller's, entry by entry",
    () => Effect.map(entries([], ODD), (all) => expect(all).toStrictEqual(entriesOf(ODD)))
  )

  it.live("is overwritten by -e", () =>
    Effect.map(
      entries(["-e", "LINES=c\nd"], { LINES: "a\nb" }),
      (all) => expect(all).toStrictEqual(entriesOf({ LINES: "c\nd" }))
    ))

  /** Executes the rest with two variables that are not UTF-8. */
  const withBytes = [
    "perl",
    "-e",
    "$ENV{A} = \"caf\\xe9\"; $ENV{\"B\\xff\"} = \"hunter2\"; exec @ARGV or die"
  ]
  const callWithBytes = (argv: ReadonlyArray<string>) =>
    Effect.scoped(Effect.gen(function*() {
      const sandbox = yield* Sandbox.scoped({ withRoot: false })
      return said(
        yield* (yield* start(sandbox, ["jail", "run", ...argv], { pre: withBytes, user: nobody })).ended
      )
    }))

  it.live.each(["", "--name web --priv-mode none", "--dry-run"])(
    "is refused where it is not UTF-8, and no byte of it is lost: %j",
    (options) =>
      Effect.map(
        callWithBytes([...options.split(" ").filter(Boolean), "--", "printenv", "A"]),
        (ended) =>
          expect(ended).toStrictEqual(ends(
            125,
            "",
            "agent: cannot spawn: env.A must be text in UTF-8: Node hands no other bytes to a program; "
              + "env[\"B\\udcff\"] must be text in UTF-8: Node hands no other bytes to a program\n"
          ))
      )
  )
})

describe("refused, in one line", () => {
  it.live.each<readonly [ReadonlyArray<string>, number, string]>([
    [["--name", "web"], 125, "no command given: it stands behind --; see \"agent jail run --help\""],
    [["--name", "web", "--"], 125, "no command given: it stands behind --; see \"agent jail run --help\""],
    [["--jail", "web", "--", "ls"], 125, "unknown option --jail; see \"agent jail run --help\""],
    [
      ["--priv-mode", "sudo", "--", "ls"],
      125,
      "--priv-mode takes one of mdo, helper, none, not \"sudo\"; see \"agent jail run --help\""
    ],
    [["-e", "hunter2", "--", "ls"], 125, "--env takes NAME=VALUE; see \"agent jail run --help\""],
    [["--json", "--", "ls"], 125, "--json is for --dry-run; see \"agent jail run --help\""],
    [
      ["--user", "pi", "--", "ls"],
      125,
      "--user needs a jail: give --name or --path; see \"agent jail run --help\""
    ],
    [
      ["--name", "web", "--path", "/j", "--", "ls"],
      125,
      "--path is for a jail that is made, and --name enters one that exists; see \"agent jail run --help\""
    ],
    [
      ["--name", "12", "--user", "-l", "--", "ls"],
      125,
      "jail: name must not be a number: jexec(8) would take it for the jid of another jail; user must not begin with "
      + "\"-\": jexec(8) would take it for an option"
    ],
    [
      ["--name", "web", "-e", "LD_PRELOAD=hunter2", "--", "ls"],
      125,
      "cannot spawn: env.LD_PRELOAD would be obeyed by the programs that enter the jail, as root on the host"
    ],
    [
      ["--name", "web", "--", "ls", "hunter2"],
      125,
      "cannot run \"/usr/bin/mdo\": there is no such program; jails need FreeBSD, and a privilege mode that fits this "
      + "host (COLIBRI_JAIL_PRIV_MODE)"
    ],
    [
      ["--", "/etc/passwd", "hunter2"],
      126,
      "command \"/etc/passwd\" cannot be executed: permission denied; check its "
      + "execute bits (no_chmod leaves them alone) and those of its directories"
    ],
    [
      ["--", "/no/such", "hunter2"],
      127,
      "command \"/no/such\" not found: there is no such file inside the root"
    ]
  ])(
    "%j",
    ([argv, exit, message]) =>
      Effect.map(agent(argv), (ended) => expect(ended).toStrictEqual(ends(exit, "", `agent: ${message}\n`)))
  )

  const obeyed = (name: string) =>
    `env.${name} would be obeyed by the programs that enter the jail, as root on the host`
  const planWith = (names: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
    agent([
      "--name",
      "web",
      "--priv-mode",
      "none",
      ...names.flatMap((name) => ["-e", `${name}=hunter2`]),
      "--dry-run",
      "--",
      "ls"
    ], env)

  it.live("every variable of rtld(1), given or inherited, those that it does not have yet included", () =>
    Effect.map(
      planWith(LOADER_VARIABLES, { LD_BIND_NOW: "hunter2" }),
      (ended) =>
        expect(ended).toStrictEqual(
          ends(
            125,
            "",
            `agent: cannot spawn: ${["LD_BIND_NOW", ...LOADER_VARIABLES].map(obeyed).join("; ")}\n`
          )
        )
    ))

  it.live("but none that only looks like one", () =>
    Effect.map(
      planWith(["LD", "LDX", "ld_preload", "OLD_LD_PRELOAD"], {}),
      (ended) => expect(ended).toStrictEqual(ends(0, "/usr/sbin/jexec\nweb\nls\n"))
    ))

  it.live.each<readonly [ReadonlyArray<string>, string]>([
    [[], "no command given; see \"agent jail --help\""],
    [["bogus"], "unknown command \"bogus\"; see \"agent jail --help\""],
    [["--bogus"], "unknown option --bogus; see \"agent jail --help\""]
  ])("agent jail %j", ([argv, message]) =>
    Effect.scoped(Effect.gen(function*() {
      const sandbox = yield* Sandbox.scoped({ withRoot: false })
      const { exit, stderr, stdout } = yield* call(sandbox, ["jail", ...argv], { user: nobody })
      expect([exit, stdout, stderr]).toStrictEqual([125, "", `agent: ${message}\n`])
    })))

  it.live("a mode in the variable that is none", () =>
    Effect.map(
      agent(["--name", "web", "--", "ls"], { COLIBRI_JAIL_PRIV_MODE: "sudo" }),
      (ended) =>
        expect(ended).toStrictEqual(
          ends(125, "", "agent: COLIBRI_JAIL_PRIV_MODE must be one of mdo, helper, none\n")
        )
    ))
})
