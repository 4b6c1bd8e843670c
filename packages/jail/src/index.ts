/**
 * A command wrapped into a FreeBSD jail, and the spawner that uses it.
 *
 * @since 0.1.0
 */
export { type AgentSpawnConfig } from "./AgentSpawn.js"
export { decodeJailConfig, JailConfig, JailName, JailPath } from "./JailConfig.js"
export * as JailError from "./JailError.js"
export { BASE, jailWrap, type Programs, type Wrapped } from "./JailWrap.js"
export { fromConfig as privilegeFromConfig, type Privilege, PrivMode } from "./PrivMode.js"
export { type Agent, JailPrograms, plan, spawn, type SpawnerError } from "./Spawner.js"
