/**
 * The command lines, written out: the situations of the document that describes them, every combination of fields and
 * modes, and what holds for all.
 */
import { JailConfig } from "@chroot-exec/jail/JailConfig"
import { jailWrap } from "@chroot-exec/jail/JailWrap"
import { PrivMode } from "@chroot-exec/jail/PrivMode"
import { describe, expect, it } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import * as Schema from "effect/Schema"

const decode = Schema.decodeUnknownSync(JailConfig)

const HELPER = "/usr/local/libexec/helper"

const line = (jail: unknown, mode: PrivMode) => {
  const { argv, program } = jailWrap(jail === undefined ? undefined : decode(jail), mode, HELPER, "/bin/pi", [
    "-p",
    "a b"
  ])
  return [program, ...argv]
}

describe("the seven situations", () => {
  it("1. no jail at all: the command as it is", () =>
    expect(line(undefined, "mdo")).toStrictEqual(["/bin/pi", "-p", "a b"]))
  it("2. neither name nor path: the same", () =>
    expect(line({ user: "pi", ip4: "10.0.0.2" }, "mdo")).toStrictEqual(["/bin/pi", "-p", "a b"]))
  it("3. a persistent jail by mdo, without -l", () =>
    expect(line({ name: "web" }, "mdo"))
      .toStrictEqual(["/usr/bin/mdo", "-u", "root", "/usr/sbin/jexec", "web", "/bin/pi", "-p", "a b"]))
  it("4. as a user of the jail's", () =>
    expect(line({ name: "web", user: "pi" }, "none"))
      .toStrictEqual(["/usr/sbin/jexec", "-U", "pi", "web", "/bin/pi", "-p", "a b"]))
  it("5. an ephemeral jail", () =>
    expect(line({ path: "/jails/pi", ip4: "10.0.0.2", user: "pi" }, "none")).toStrictEqual([
      "/usr/sbin/jail",
      "-c",
      "path=/jails/pi",
      "ip4.addr=10.0.0.2",
      "exec.jail_user=pi",
      "command=/bin/pi",
      "-p",
      "a b"
    ]))
  it("6. a name wins over a path", () =>
    expect(line({ name: "web", path: "/jails/pi" }, "none"))
      .toStrictEqual(["/usr/sbin/jexec", "web", "/bin/pi", "-p", "a b"]))
  it("7. a helper in the place of mdo", () =>
    expect(line({ path: "/jails/pi" }, "helper"))
      .toStrictEqual([HELPER, "jail", "-c", "path=/jails/pi", "command=/bin/pi", "-p", "a b"]))
})

/** What stands in front of jexec's and of jail's own arguments. */
const PREFIX = {
  mdo: { jexec: "/usr/bin/mdo -u root /usr/sbin/jexec", jail: "/usr/bin/mdo -u root /usr/sbin/jail" },
  helper: { jexec: `${HELPER} jexec`, jail: `${HELPER} jail` },
  none: { jexec: "/usr/sbin/jexec", jail: "/usr/sbin/jail" }
}

/** What each combination of name, path, ip4 and user (1 is given) comes to, behind the prefix. */
const COMBINATIONS: Readonly<Record<string, readonly [keyof typeof PREFIX["mdo"] | "", string]>> = {
  "0000": ["", "C"],
  "0001": ["", "C"],
  "0010": ["", "C"],
  "0011": ["", "C"],
  "0100": ["jail", "-c path=/j command=C"],
  "0101": ["jail", "-c path=/j exec.jail_user=u command=C"],
  "0110": ["jail", "-c path=/j ip4.addr=10.0.0.2 command=C"],
  "0111": ["jail", "-c path=/j ip4.addr=10.0.0.2 exec.jail_user=u command=C"],
  "1000": ["jexec", "n C"],
  "1001": ["jexec", "-U u n C"],
  "1010": ["jexec", "n C"],
  "1011": ["jexec", "-U u n C"],
  "1100": ["jexec", "n C"],
  "1101": ["jexec", "-U u n C"],
  "1110": ["jexec", "n C"],
  "1111": ["jexec", "-U u n C"]
}

describe.each(PrivMode.literals)("every combination by %s", (mode) => {
  it.each(Object.entries(COMBINATIONS))("%s", (bits, [tool, rest]) => {
    const fields = { name: "n", path: "/j", ip4: "10.0.0.2", user: "u" }
    const jail = Object.fromEntries(Object.entries(fields).filter((_, index) => bits[index] === "1"))
    const { argv, program } = jailWrap(decode(jail), mode, HELPER, "C", ["-x", "y=z"])
    expect([program, ...argv].join(" "))
      .toBe(`${tool === "" ? "" : `${PREFIX[mode][tool]} `}${rest} -x y=z`)
  })
})

it("what else jail(8) takes", () => {
  const jail = decode({
    path: "/j",
    ip4: "inherit",
    ip6: "2001:db8::1",
    hostname: "pi.example",
    devfsRuleset: 0,
    allow: { raw_sockets: true, "mount.nullfs": false }
  })
  const { argv } = jailWrap(jail, "none", "", "C", [], { ephemeralName: "agent-1" })
  expect(argv).toStrictEqual([
    "-c",
    "name=agent-1",
    "path=/j",
    "ip4=inherit",
    "ip6.addr=2001:db8::1",
    "host.hostname=pi.example",
    "devfs_ruleset=0",
    "allow.raw_sockets=true",
    "allow.mount.nullfs=false",
    "command=C"
  ])
  expect(jailWrap(decode({ path: "/j", vnet: true }), "none", "", "C", []).argv)
    .toStrictEqual(["-c", "path=/j", "vnet=new", "command=C"])
  expect(jailWrap(decode({ path: "/j", vnet: false }), "none", "", "C", []).argv)
    .toStrictEqual(["-c", "path=/j", "command=C"])
})

describe("for all", () => {
  const text = fc.string().filter((value) => !value.includes("\0"))
  const binary = text.filter((value) => value !== "")
  const args = fc.array(fc.oneof(text, fc.constantFrom("-l", "--", "-u", "command=x", "a=b", "name=y", "")))
  const mode = fc.constantFrom(...PrivMode.literals)
  const jail = fc.constantFrom(
    { name: "web" },
    { name: "web", user: "u" },
    { path: "/j" },
    { path: "/j, = $x", ip4: "10.0.0.2", user: "u" },
    { path: "/j", vnet: true, allow: { mlock: true } }
  )

  it("without a jail the result is the input", () =>
    fc.assert(fc.property(mode, binary, args, (mode, binary, args) => {
      expect(jailWrap({}, mode, HELPER, binary, args)).toStrictEqual({ program: binary, argv: args })
      expect(jailWrap(undefined, mode, HELPER, binary, args)).toStrictEqual({ program: binary, argv: args })
    })))

  it("the command and its arguments come once, in order, unchanged, at the end", () =>
    fc.assert(fc.property(jail, mode, binary, args, (jail, mode, binary, args) => {
      const { argv, program } = jailWrap(decode(jail), mode, HELPER, binary, args)
      const all = [program, ...argv]
      const command = "name" in jail ? binary : `command=${binary}`
      expect(all.slice(all.length - args.length - 1)).toStrictEqual([command, ...args])
      // What stands before does not depend on the command.
      const other = jailWrap(decode(jail), mode, HELPER, "other", [])
      expect(all.slice(0, all.length - args.length - 1)).toStrictEqual(
        [other.program, ...other.argv].slice(0, -1)
      )
    })))

  it("no element of ours is empty, and none contains a NUL", () =>
    fc.assert(fc.property(jail, mode, binary, args, (jail, mode, binary, args) => {
      const { argv, program } = jailWrap(decode(jail), mode, HELPER, binary, args)
      const ours = [program, ...argv.slice(0, argv.length - args.length)]
      expect([ours.includes(""), [...ours, ...args].some((element) => element.includes("\0"))])
        .toStrictEqual([false, false])
    })))
})
