/**
 * Why an agent could not be put into a jail, or taken out of it.
 *
 * @since 0.1.0
 */
import * as Problems from "@chroot-exec/core/Problems"
import { quote } from "@chroot-exec/core/Quote"
import * as Schema from "effect/Schema"

/** All that is wrong, each with its path and never with a value. */
const problems = Schema.NonEmptyArray(Schema.Struct({ path: Schema.String, problem: Schema.String }))

const listed = (all: typeof problems.Type): string => all.map(Problems.toSentence).join("; ")

/**
 * A jail that jail(8) or jexec(8) would misread, or the kernel refuse; with all that is wrong with it.
 *
 * @since 0.1.0
 * @category errors
 */
export class JailConfigInvalid extends Schema.TaggedError<JailConfigInvalid>()("JailConfigInvalid", {
  problems
}) {
  override get message(): string {
    return `jail: ${listed(this.problems)}`
  }
}

/**
 * What is to be spawned cannot be: no command, text that Node cannot hand on as it is, or a variable that would act on
 * the host.
 *
 * @since 0.1.0
 * @category errors
 */
export class AgentSpawnInvalid extends Schema.TaggedError<AgentSpawnInvalid>()("AgentSpawnInvalid", {
  problems
}) {
  override get message(): string {
    return `cannot spawn: ${listed(this.problems)}`
  }
}

/**
 * The configuration does not say how to become root.
 *
 * @since 0.1.0
 * @category errors
 */
export class PrivilegeInvalid extends Schema.TaggedError<PrivilegeInvalid>()("PrivilegeInvalid", {
  variable: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.variable} ${this.problem}`
  }
}

/**
 * The program in front of the command cannot be started.
 *
 * @since 0.1.0
 * @category errors
 */
export class JailToolUnavailable extends Schema.TaggedError<JailToolUnavailable>()("JailToolUnavailable", {
  program: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `cannot run ${
      quote(this.program)
    }: ${this.reason}; jails need FreeBSD, and a privilege mode that fits `
      + "this host (COLIBRI_JAIL_PRIV_MODE)"
  }
}

/**
 * Something of the spawn may be left in the jail, or the jail itself.
 *
 * @since 0.1.0
 * @category errors
 */
export class TeardownFailed extends Schema.TaggedError<TeardownFailed>()("TeardownFailed", {
  jail: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `cannot clean up jail ${quote(this.jail)}: ${this.reason}; look at it with jls and ps -J`
  }
}
