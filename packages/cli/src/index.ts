/**
 * The commands of `agent`, for other `@effect/cli` programs to mount.
 *
 * @since 0.1.0
 */
export { chrootExecCommand } from "./chroot-exec/ChrootExecCommand.js"
export { sandboxCommand } from "./sandbox/SandboxCommand.js"
export { type AgentError, exitCode, exitCodeMeanings, OutputFailed, UsageError } from "./shared/AgentError.js"
export * as Argv from "./shared/Argv.js"
export { Launcher } from "./shared/Launcher.js"
export { StepCommand } from "./shared/StepCommand.js"
