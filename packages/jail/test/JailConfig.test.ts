/**
 * What is refused, with the reason, and what is not.
 */
import { decodeJailConfig } from "@chroot-exec/jail/JailConfig"
import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"

const refusal = (input: unknown): string =>
  Either.match(decodeJailConfig(input), { onLeft: ({ message }) => message, onRight: () => "accepted" })

describe("accepted", () => {
  it.each([
    [{}],
    [{ name: "web" }],
    [{ name: "parent.child-2_x" }],
    [{ name: "0web" }],
    [{ path: "/" }],
    [{ path: "/jails/a b,c=d $x 'y' \"z\"" }],
    [{ path: "/j", ip4: "192.0.2.1", ip6: "::1" }],
    [{ path: "/j", ip4: "inherit", ip6: "inherit" }],
    [{ path: "/j", devfsRuleset: 65535, hostname: "a" }],
    [{ path: "/j", allow: { raw_sockets: false, "mount.zfs": true } }],
    [{ name: "web", path: "/j", user: "_agent" }]
  ])("%j", (input) => {
    expect(Either.getOrThrow(decodeJailConfig(input))).toStrictEqual(input)
  })
})

const NAME = "must be of letters, digits and _ . : @ + -, and begin with a letter, a digit or _"
const IP4 =
  "must be one IPv4 address, or \"inherit\"; interfaces, masks and lists are not passed on to jail(8)"
const IP6 =
  "must be one IPv6 address without a zone, or \"inherit\"; interfaces, prefixes and lists are not passed on "
  + "to jail(8)"

describe("refused", () => {
  it.each<readonly [unknown, string]>([
    [{ name: "" }, "name must not be empty"],
    [{ name: "12" }, "name must not be a number: jexec(8) would take it for the jid of another jail"],
    [{ name: "0" }, "name must not be a number: jexec(8) would take it for the jid of another jail"],
    [{ name: "-l" }, "name must not begin with \"-\": jexec(8) would take it for an option"],
    [{ name: "*" }, "name must not contain \"*\": jail(8) takes it for a pattern"],
    [{ name: "a=b" }, "name must not contain \"=\": jail(8) takes it for a parameter"],
    [{ name: "a b" }, "name must not contain spaces or commas, which separate names"],
    [{ name: "a,b" }, "name must not contain spaces or commas, which separate names"],
    [{ name: "a\nb" }, "name must not contain control characters"],
    [{ name: "a\0b" }, "name must be text without a NUL"],
    [{ name: "a..b" }, "name must have a name on both sides of every \".\", which leads to a child jail"],
    [{ name: ".a" }, "name must have a name on both sides of every \".\", which leads to a child jail"],
    [{ name: "+5" }, `name ${NAME}`],
    [{ name: "$x" }, `name ${NAME}`],
    [{ name: "a'b" }, `name ${NAME}`],
    [{ name: "a/b" }, `name ${NAME}`],
    [{ name: "é" }, `name ${NAME}`],
    [{ name: "a".repeat(256) }, "name must not be longer than 255 bytes"],
    [{ name: 5 }, "name must be a string, not a number"],
    [{ name: null }, "name must be a string, not null"],
    [{ path: "" }, "path must be an absolute path"],
    [{ path: "jails/a" }, "path must be an absolute path"],
    [{ path: "/a\u0007" }, "path must not contain control characters"],
    [{ path: `/${"a".repeat(1024)}` }, "path must not be longer than 1023 bytes"],
    [{ ip4: "em0|10.0.0.2" }, `ip4 ${IP4}`],
    [{ ip4: "10.0.0.2/24" }, `ip4 ${IP4}`],
    [{ ip4: "10.0.0.2,10.0.0.3" }, `ip4 ${IP4}`],
    [{ ip4: "10.0.0.2 up" }, `ip4 ${IP4}`],
    [{ ip4: "256.0.0.1" }, `ip4 ${IP4}`],
    [{ ip4: "::1" }, `ip4 ${IP4}`],
    [{ ip6: "fe80::1%em0" }, `ip6 ${IP6}`],
    [{ ip6: "10.0.0.2" }, `ip6 ${IP6}`],
    [{ hostname: "a b" }, "hostname must be a hostname: letters, digits, \"-\" and \".\""],
    [{ hostname: "-a" }, "hostname must be a hostname: letters, digits, \"-\" and \".\""],
    [{ user: "-l" }, "user must not begin with \"-\": jexec(8) would take it for an option"],
    [{ user: "1001" }, "user must not be a number: jexec(8) and jail(8) look up names only"],
    [{ user: "a b" }, "user must be a user name of the jail: letters, digits and _ . -"],
    [{ devfsRuleset: 65536 }, "devfsRuleset must be a ruleset's number, 0..65535"],
    [{ devfsRuleset: -1 }, "devfsRuleset must be a ruleset's number, 0..65535"],
    [{ devfsRuleset: 1.5 }, "devfsRuleset must be an integer"],
    [{ devfsRuleset: "4" }, "devfsRuleset must be a number, not a string"],
    [{ allow: { "allow.mlock": true } }, "allow[\"allow.mlock\"] must be named without \"allow.\" in front"],
    [
      { allow: { nomlock: true } },
      "allow.nomlock must be named without \"no\" in front: give it the value false"
    ],
    [
      { allow: { "mlock=1": true } },
      "allow[\"mlock=...\"] must be the name of an allow.* parameter of jail(8), such as raw_sockets or mount.nullfs"
    ],
    [
      { vnet: true, ip4: "inherit" },
      "vnet excludes ip4 and ip6: the kernel gives a jail its own network or addresses of the host's"
    ],
    [{ vnet: "yes" }, "vnet must be true or false, not a string"],
    [{ allow: { mlock: "yes" } }, "allow.mlock must be true or false, not a string"],
    [{ allow: ["mlock"] }, "allow must be an object, not a list"],
    [{ allow: "mlock" }, "allow must be an object, not a string"],
    [{ ipv4: "10.0.0.2" }, "ipv4 is not known"],
    [{ "ip4=10.0.0.2": true }, "[\"ip4=...\"] is not known"],
    ["web", "must be an object, not a string"],
    [[], "must be an object, not a list"],
    [
      { name: "1", path: "x" },
      "name must not be a number: jexec(8) would take it for the jid of another jail; path must "
      + "be an absolute path"
    ]
  ])("%j", (input, expected) => {
    expect(refusal(input)).toBe(`jail: ${expected}`)
  })

  it("all problems at once, and no value among them", () => {
    const message = refusal({
      name: "hunter 2",
      path: "hunter2",
      ip4: "hunter2",
      user: "hunter 2",
      allow: { x: "hunter2" }
    })
    expect(message.split("; ").length).toBe(6)
    expect(message).not.toContain("hunter")
  })
})
