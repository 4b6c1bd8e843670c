/**
 * Runs a step from inside a Node process: launchers, output, logs, time limits.
 *
 * @since 0.1.0
 */
export * as ChildProcess from "./ChildProcess.js"
export { Launcher, type LaunchRequest, type RunningStep, type Usage } from "./Launcher.js"
export { LauncherFailed, type LaunchError } from "./LauncherError.js"
export * as LauncherProcess from "./LauncherProcess.js"
export * as LauncherThread from "./LauncherThread.js"
export { LogFailed } from "./LogFiles.js"
export { LogIncomplete, runStep, type RunStepError, type RunStepOptions } from "./RunStep.js"
export { decodeStep, MissingVariables, Step, StepInvalid } from "./Step.js"
export { StepEvent, stepEvents } from "./StepEvents.js"
export { type StepResult, type StreamReport } from "./StepResult.js"
