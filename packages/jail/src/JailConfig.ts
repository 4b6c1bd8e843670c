/**
 * The jail that an agent is spawned in: jail(8).
 *
 * @since 0.1.0
 */
import { CString } from "@chroot-exec/core/CString"
import * as Problems from "@chroot-exec/core/Problems"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Names from "./internal/jailNames.js"
import { JailConfigInvalid } from "./JailError.js"

/** Text that is refused with its own explanation. */
const checked = <Brand extends string>(brand: Brand, problem: (text: string) => string | undefined) =>
  CString.pipe(Schema.filter((text) => problem(text) ?? true), Schema.brand(brand))

/**
 * The name of a jail: `web`, or `parent.child` for a jail inside a jail. Never a jid.
 *
 * @since 0.1.0
 * @category schemas
 */
export const JailName = checked("JailName", Names.nameProblem)

/**
 * @since 0.1.0
 * @category models
 */
export type JailName = typeof JailName.Type

/**
 * A directory to be the root of a jail.
 *
 * @since 0.1.0
 * @category schemas
 */
export const JailPath = checked("JailPath", Names.pathProblem)

const Flag = Schema.Boolean.annotations({ description: "true or false" })

/** The rest of `allow.*`, by name. Kernel modules add their own, so that the names are not listed here. */
const Allow = Schema.Record({ key: Schema.String, value: Flag }).pipe(
  Schema.filter((allow) =>
    Object.keys(allow).flatMap((name) => {
      const problem = Names.allowProblem(name)
      return problem === undefined ? [] : [{ path: [name], message: problem }]
    })
  )
)

/** A field that may be left out, and is not undefined when it is not. */
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const Fields = Schema.Struct({
  /** A persistent jail, which the agent enters. It wins over all other fields but `user`. */
  name: optional(JailName),
  /** The root of an ephemeral jail, which is made for the agent and goes with it. */
  path: optional(JailPath),
  /** Its IPv4 address, or `inherit` for all of the host's. Without it the jail has no IPv4. */
  ip4: optional(checked("JailIp4", Names.ip4Problem)),
  /** Its IPv6 address, or `inherit`. Without it the jail has no IPv6. */
  ip6: optional(checked("JailIp6", Names.ip6Problem)),
  hostname: optional(checked("JailHostname", Names.hostnameProblem)),
  /** A network stack of its own, instead of addresses of the host's. */
  vnet: optional(Flag),
  /** The number of a ruleset of devfs(8) for what the jail mounts as devfs, 0..65535. */
  devfsRuleset: optional(
    Schema.Int.pipe(Schema.between(0, 65535, { description: "a ruleset's number, 0..65535" }))
  ),
  /** `allow.*` parameters by their names without `allow.`: `{ raw_sockets: true }`. */
  allow: optional(Allow),
  /** Whom the command runs as: a user of the jail, not of the host. */
  user: optional(checked("JailUser", Names.userProblem))
})

/**
 * A persistent jail to enter (`name`), or an ephemeral one to make (`path`). Neither is no jail at all.
 *
 * @since 0.1.0
 * @category schemas
 */
export const JailConfig = Fields.pipe(
  Schema.filter(({ ip4, ip6, vnet }) =>
    vnet === true && (ip4 !== undefined || ip6 !== undefined)
      ? {
        path: ["vnet"],
        message: "excludes ip4 and ip6: the kernel gives a jail its own network or addresses of the host's"
      }
      : true
  )
)

/**
 * @since 0.1.0
 * @category models
 */
export type JailConfig = typeof JailConfig.Type

const decodeUnknown = ParseResult.decodeUnknownEither(JailConfig, {
  errors: "all",
  // A parameter that is misspelt would be a restriction that is not there.
  onExcessProperty: "error"
})

/**
 * A jail's description, such as one from JSON, or everything that is wrong with it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeJailConfig = (input: unknown): Either.Either<JailConfig, JailConfigInvalid> =>
  Either.mapLeft(decodeUnknown(input), (issue) => {
    const [first = { path: "", problem: "is not a jail" }, ...rest] = Problems.fromIssue(issue)
    return new JailConfigInvalid({ problems: [first, ...rest] })
  })
