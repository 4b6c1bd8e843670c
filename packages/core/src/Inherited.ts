/**
 * What the agent was given by its caller, and must hand on to the step unchanged.
 *
 * Node changes some of it before any JavaScript runs: it puts inherited ignored signals back to their default,
 * replaces the signal mask, raises the soft limit of open files to the hard one, ignores SIGPIPE and SIGXFSZ,
 * opens closed standard descriptors on /dev/null, and makes pipes non-blocking once its streams are used. The native launcher in front of Node records those facts
 * and passes them on as one argument, the `LauncherRecord`.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import type { CapabilitySet } from "./Capability.js"
import type { Environment } from "./Environment.js"
import type { ResourceLimit } from "./operation/Process.js"
import type { SignalSet } from "./Signal.js"

/**
 * The state of the caller's making. `Option.none` is what could not be found out, and is left as it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Inherited {
  readonly environment: Environment
  /** The effective capabilities of the process. */
  readonly capabilities: Option.Option<CapabilitySet>
  /** Signals that the caller had ignored. */
  readonly ignored: SignalSet
  /** The signal mask. */
  readonly blocked: Option.Option<SignalSet>
  /** The limit of open files (RLIMIT_NOFILE). */
  readonly openFiles: Option.Option<ResourceLimit>
  readonly stdio: Stdio
}

/**
 * The standard descriptors, of 0, 1 and 2.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stdio {
  /** Those that were open. */
  readonly open: ReadonlyArray<number>
  /** Those of them whose reads and writes do not wait (O_NONBLOCK). */
  readonly nonBlocking: ReadonlyArray<number>
}

/**
 * What the native launcher saw before Node started.
 *
 * @since 0.1.0
 * @category models
 */
export interface LauncherRecord {
  readonly ignored: SignalSet
  readonly blocked: SignalSet
  readonly openFiles: bigint
  readonly stdio: Stdio
}

const RECORD = /^inherited:([0-9a-f]{16}):([0-9a-f]{16}):([0-9a-f]{16}):([0-7]):([0-7])$/

const standardDescriptors = (bits: string | undefined): ReadonlyArray<number> =>
  [0, 1, 2].filter((fd) => (Number(bits) & (1 << fd)) !== 0)

/**
 * The launcher's argument, `inherited:IGNORED:BLOCKED:NOFILE:OPEN:NONBLOCKING` in hexadecimal digits (see
 * `packages/cli/launcher`); none when it is another argument.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parseLauncherRecord = (argument: string): Option.Option<LauncherRecord> =>
  Option.fromNullable(RECORD.exec(argument)).pipe(
    Option.map(([, ignored, blocked, openFiles, open, nonBlocking]) => ({
      ignored: BigInt(`0x${ignored}`),
      blocked: BigInt(`0x${blocked}`),
      openFiles: BigInt(`0x${openFiles}`),
      stdio: { open: standardDescriptors(open), nonBlocking: standardDescriptors(nonBlocking) }
    }))
  )

/** What the launcher hides from Node: the first byte of such a name is exchanged with its number here, from 1. */
const HIDDEN_PREFIXES = ["NODE_", "OPENSSL_", "UV_"]

/**
 * A variable's name as the caller gave it, from what the launcher made of it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const revealName = (name: string): string => {
  for (const [index, prefix] of HIDDEN_PREFIXES.entries()) {
    if (!name.startsWith(prefix.slice(1), 1)) continue
    const number = String.fromCharCode(index + 1)
    if (name.startsWith(prefix)) return number + name.slice(1)
    if (name.startsWith(number)) return prefix.charAt(0) + name.slice(1)
  }
  return name
}
