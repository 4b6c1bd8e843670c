/**
 * What jail(8) and jexec(8) make of a text: why one is refused, or nothing.
 */
import { isIPv4, isIPv6 } from "node:net"

/** A rule, and what to say when a text breaks it. The first that is broken counts. */
type Rule = readonly [breaks: (text: string) => boolean, problem: string]

const matches = (pattern: RegExp) => (text: string): boolean => pattern.test(text)

const longerThan = (length: number) => (text: string): boolean => Buffer.byteLength(text) > length

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

const judge = (rules: ReadonlyArray<Rule>) => (text: string): string | undefined =>
  rules.find(([breaks]) => breaks(text))?.[1]

/** MAXHOSTNAMELEN of <sys/param.h>, less its NUL: as long as a jail's name or a hostname may be. */
const HOSTNAME_LENGTH = 255

/** MAXPATHLEN less its NUL. */
const PATH_LENGTH = 1023

/** MAXLOGNAME less its NUL. */
const USER_LENGTH = 32

/** jail_getid(3) reads digits as a jid; getopt(3) a hyphen as an option; jail(8) `*` as all jails. */
export const nameProblem = judge([
  [matches(/^$/), "must not be empty"],
  [matches(CONTROL), "must not contain control characters"],
  [matches(/^\d+$/), "must not be a number: jexec(8) would take it for the jid of another jail"],
  [matches(/^-/), "must not begin with \"-\": jexec(8) would take it for an option"],
  [matches(/\*/), "must not contain \"*\": jail(8) takes it for a pattern"],
  [matches(/=/), "must not contain \"=\": jail(8) takes it for a parameter"],
  [matches(/[\s,]/), "must not contain spaces or commas, which separate names"],
  [matches(/^\.|\.\.|\.$/), "must have a name on both sides of every \".\", which leads to a child jail"],
  [
    (text) => !/^[A-Za-z0-9_][\w.:@+-]*$/.test(text),
    "must be of letters, digits and _ . : @ + -, and begin with a letter, a digit or _"
  ],
  [longerThan(HOSTNAME_LENGTH), `must not be longer than ${HOSTNAME_LENGTH} bytes`]
])

export const pathProblem = judge([
  [(path) => !path.startsWith("/"), "must be an absolute path"],
  [matches(CONTROL), "must not contain control characters"],
  [longerThan(PATH_LENGTH), `must not be longer than ${PATH_LENGTH} bytes`]
])

/** jail(8) reads `INTERFACE|ADDRESS/MASK OPTION...` and lists, and changes interfaces of the host for them. */
export const ip4Problem = judge([
  [
    (text) => text !== "inherit" && !isIPv4(text),
    "must be one IPv4 address, or \"inherit\"; interfaces, masks and lists are not passed on to jail(8)"
  ]
])

export const ip6Problem = judge([
  [
    (text) => text !== "inherit" && (!isIPv6(text) || text.includes("%")),
    "must be one IPv6 address without a zone, or \"inherit\"; interfaces, prefixes and lists are not passed on to "
    + "jail(8)"
  ]
])

export const hostnameProblem = judge([
  [
    (text) => !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text),
    "must be a hostname: letters, digits, \"-\" and \".\""
  ],
  [longerThan(HOSTNAME_LENGTH), `must not be longer than ${HOSTNAME_LENGTH} bytes`]
])

export const userProblem = judge([
  [matches(/^\d+$/), "must not be a number: jexec(8) and jail(8) look up names only"],
  [matches(/^-/), "must not begin with \"-\": jexec(8) would take it for an option"],
  [
    (text) => !/^[A-Za-z_][\w.-]*\$?$/.test(text),
    "must be a user name of the jail: letters, digits and _ . -"
  ],
  [longerThan(USER_LENGTH), `must not be longer than ${USER_LENGTH} bytes`]
])

export const allowProblem = judge([
  [matches(/^allow\./), "must be named without \"allow.\" in front"],
  [matches(/(^|\.)no/), "must be named without \"no\" in front: give it the value false"],
  [
    (text) => !/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/.test(text),
    "must be the name of an allow.* parameter of jail(8), such as raw_sockets or mount.nullfs"
  ],
  [longerThan(HOSTNAME_LENGTH), `must not be longer than ${HOSTNAME_LENGTH} bytes`]
])
