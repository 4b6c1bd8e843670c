/**
 * Everything by which `agent` can fail, and the code that it exits with.
 *
 * @since 0.1.0
 */
import type { ControlFileInvalid } from "@chroot-exec/core/ControlFile"
import type { ExecError, MissingCapability } from "@chroot-exec/core/ExecError"
import { quote } from "@chroot-exec/core/Quote"
import type {
  AgentSpawnInvalid,
  JailConfigInvalid,
  JailToolUnavailable,
  PrivilegeInvalid
} from "@chroot-exec/jail/JailError"
import type { ProcessNotStarted } from "@chroot-exec/runner/ChildProcess"
import type { LauncherFailed, RequestInvalid, StepNotEnded } from "@chroot-exec/runner/LauncherError"
import type { LogFailed } from "@chroot-exec/runner/LogFiles"
import type { LogIncomplete } from "@chroot-exec/runner/RunStep"
import type { MissingVariables, StepInvalid } from "@chroot-exec/runner/Step"
import type { EngineUnusable, SandboxError } from "@chroot-exec/sandbox/SandboxError"
import type { ControlFileUnreadable } from "@chroot-exec/sys/ChrootExec"
import type { SyscallError, UnsupportedPlatform } from "@chroot-exec/sys/Libc"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Schema from "effect/Schema"

/**
 * The command line does not say what to do.
 *
 * @since 0.1.0
 * @category errors
 */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", {
  /** What is wrong, in one line. */
  problem: Schema.String,
  /** The command whose `--help` explains it. */
  command: Schema.String
}) {
  override get message(): string {
    return `${this.problem}; see "${this.command} --help"`
  }
}

/**
 * Standard output does not take what the command prints.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutputFailed extends Schema.TaggedError<OutputFailed>()("OutputFailed", {
  code: Schema.String
}) {
  override get message(): string {
    return `cannot write to standard output: ${this.code}`
  }
}

/**
 * A collected file cannot be written where `--out` says.
 *
 * @since 0.1.0
 * @category errors
 */
export class ArtifactUnwritable extends Schema.TaggedError<ArtifactUnwritable>()("ArtifactUnwritable", {
  path: Schema.String,
  code: Schema.String
}) {
  override get message(): string {
    return `cannot write ${quote(this.path)}: ${this.code}; check --out`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type AgentError =
  | ArtifactUnwritable
  | AgentSpawnInvalid
  | ControlFileInvalid
  | ControlFileUnreadable
  | EngineUnusable
  | ExecError
  | LauncherFailed
  | LogFailed
  | LogIncomplete
  | JailConfigInvalid
  | JailToolUnavailable
  | MissingCapability
  | MissingVariables
  | OutputFailed
  | SandboxError
  | StepInvalid
  | RequestInvalid
  | StepNotEnded
  | PrivilegeInvalid
  | ProcessNotStarted
  | SyscallError
  | UnsupportedPlatform
  | UsageError

/**
 * The agent failed before the step started.
 *
 * @since 0.1.0
 * @category constants
 */
export const AGENT_FAILED = 125

const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

/**
 * A code for every error: a tag that is missing here does not compile.
 *
 * @since 0.1.0
 * @category constants
 */
export const exitCodes: { readonly [Tag in AgentError["_tag"]]: number } = {
  ArtifactDamaged: AGENT_FAILED,
  ArtifactUnwritable: AGENT_FAILED,
  ArtifactsLate: AGENT_FAILED,
  AgentSpawnInvalid: AGENT_FAILED,
  ChmodFailed: NOT_EXECUTABLE,
  ChrootFailed: AGENT_FAILED,
  CommandNotExecutable: NOT_EXECUTABLE,
  CommandNotFound: NOT_FOUND,
  ControlFileInvalid: AGENT_FAILED,
  ControlFileUnreadable: AGENT_FAILED,
  CredentialsFailed: AGENT_FAILED,
  CredentialsUnusable: AGENT_FAILED,
  DirectoryUnusable: AGENT_FAILED,
  EndUnknown: AGENT_FAILED,
  EngineError: AGENT_FAILED,
  EngineUnreachable: AGENT_FAILED,
  EngineUnusable: AGENT_FAILED,
  EnvironmentUnreadable: AGENT_FAILED,
  ImageCommandNotExecutable: NOT_EXECUTABLE,
  ImageCommandNotFound: NOT_FOUND,
  ImagePullFailed: AGENT_FAILED,
  InputRefused: AGENT_FAILED,
  InputUnreadable: AGENT_FAILED,
  JobInvalid: AGENT_FAILED,
  LauncherFailed: AGENT_FAILED,
  LogFailed: AGENT_FAILED,
  LogIncomplete: AGENT_FAILED,
  JailConfigInvalid: AGENT_FAILED,
  JailToolUnavailable: AGENT_FAILED,
  MissingCapability: AGENT_FAILED,
  MountFailed: AGENT_FAILED,
  NamespaceFailed: AGENT_FAILED,
  MissingVariables: AGENT_FAILED,
  MountRefused: AGENT_FAILED,
  OutputFailed: AGENT_FAILED,
  OutputLost: AGENT_FAILED,
  PrivilegeInvalid: AGENT_FAILED,
  ProcessNotStarted: AGENT_FAILED,
  RestoreFailed: AGENT_FAILED,
  StepInvalid: AGENT_FAILED,
  RequestInvalid: AGENT_FAILED,
  StepNotEnded: AGENT_FAILED,
  SyscallError: AGENT_FAILED,
  // The agent dies by the signal instead; the code counts where it cannot.
  Terminated: AGENT_FAILED,
  UnsupportedPlatform: AGENT_FAILED,
  UsageError: AGENT_FAILED,
  WriteFailed: AGENT_FAILED
}

/**
 * The code that `agent` exits with for an error.
 *
 * @since 0.1.0
 * @category conversions
 */
export const exitCode = (error: AgentError): number => exitCodes[error._tag]

/**
 * Whether something that was thrown is one of them.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAgentError = (thrown: unknown): thrown is AgentError =>
  thrown instanceof Error && "_tag" in thrown && typeof thrown._tag === "string" &&
  Object.hasOwn(exitCodes, thrown._tag)

/**
 * What the codes of `agent` mean, for help and documents.
 *
 * @since 0.1.0
 * @category constants
 */
export const exitCodeMeanings: NonEmptyReadonlyArray<readonly [code: string, meaning: string]> = [
  [
    "the step's own",
    "the step ran and exited; after a deadly signal the agent's process dies by that signal"
  ],
  ["125", "the agent failed before the step started: usage, control file, privilege, root"],
  ["126", "the command was found but cannot be executed"],
  ["127", "the command was not found"]
]
