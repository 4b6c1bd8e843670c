/**
 * One-shot hardened containers over the Docker Engine API.
 *
 * @since 0.1.0
 */
export * as ByteSize from "./ByteSize.js"
export { Engine } from "./Engine.js"
export * as EngineLive from "./EngineLive.js"
export * as Isolation from "./Isolation.js"
export { decodeJob, Job, type JobInput } from "./Job.js"
export { Limits } from "./Limits.js"
export { Mount } from "./Mount.js"
export * as Output from "./Output.js"
export { packDirectory } from "./PackDirectory.js"
export * as RegistryAuth from "./RegistryAuth.js"
export * as Requests from "./Requests.js"
export type { Artifacts, Event, MissingArtifact, MissingReason, Result, Usage } from "./Result.js"
export { type Finished, runOnce, runStream } from "./RunOnce.js"
export * as SandboxError from "./SandboxError.js"
export { sweep, type Swept } from "./Sweep.js"
