/**
 * Control files, environments, exit statuses and confinement plans: pure, on `effect` alone.
 *
 * @since 0.1.0
 */
export * as Capability from "./Capability.js"
export {
  type ChrootExecRequest,
  enterRoot,
  planChrootExec,
  planProgram,
  planStep,
  type ProgramRequest,
  type StepRequest
} from "./ChrootExec.js"
export * as CommandSearch from "./CommandSearch.js"
export { ControlFile, ControlFileInvalid, decodeControlFile } from "./ControlFile.js"
export { AbsolutePath, CString } from "./CString.js"
export { type Environment, EnvironmentName, EnvironmentRecord, processEnv } from "./Environment.js"
export * as Errno from "./Errno.js"
export * as ExecError from "./ExecError.js"
export * as ExecPlan from "./ExecPlan.js"
export * as ExitStatus from "./ExitStatus.js"
export * as Inherited from "./Inherited.js"
export { type IsolatedRequest, planIsolated } from "./Isolated.js"
export * as Problems from "./Problems.js"
export { fromArgument as rootFromArgument, Root } from "./Root.js"
export * as Signal from "./Signal.js"
export * as SurrogateEscape from "./SurrogateEscape.js"
