/**
 * The commands of `agent`, for other `@effect/cli` programs to mount.
 *
 * @since 0.1.0
 */
export { type AgentError, exitCode, exitCodeMeanings, OutputFailed, UsageError } from "./AgentError.js"
export * as Argv from "./Argv.js"
export { chrootExecCommand } from "./ChrootExecCommand.js"
export { Launcher } from "./Launcher.js"
export { sandboxCommand } from "./SandboxCommand.js"
export { StepCommand } from "./StepCommand.js"
