/**
 * Spawns agents, each in the jail that it asks for.
 *
 * @since 0.1.0
 */
import type { CommandNotExecutable, CommandNotFound } from "@chroot-exec/core/ExecError"
import * as ChildProcess from "@chroot-exec/runner/ChildProcess"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomBytes } from "node:crypto"
import * as AgentSpawn from "./AgentSpawn.js"
import * as Reapers from "./internal/reaper.js"
import { teardown } from "./internal/teardown.js"
import { makeTool, type Tool, unavailable } from "./internal/tool.js"
import type { AgentSpawnInvalid, JailToolUnavailable, PrivilegeInvalid, TeardownFailed } from "./JailError.js"
import { BASE, jailWrap, type Programs, type Wrapped } from "./JailWrap.js"
import * as PrivMode from "./PrivMode.js"

/**
 * Where the programs of the base system are; tests put theirs in their place.
 *
 * @since 0.1.0
 * @category context
 */
export class JailPrograms extends Context.Reference<JailPrograms>()("@chroot-exec/jail/JailPrograms", {
  defaultValue: (): Programs => BASE
}) {}

/**
 * An agent that has been spawned. Its end is that of the process in front: see `exit`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Agent extends Pick<ChildProcess.ChildProcess, "pid" | "stdout" | "stderr" | "exit"> {
  /**
   * Ends it: SIGTERM, the grace, SIGKILL, then all that it left in the jail. Returns when nothing is left.
   */
  readonly kill: Effect.Effect<void, TeardownFailed>
}

/**
 * @since 0.1.0
 * @category errors
 */
export type SpawnerError =
  | AgentSpawnInvalid
  | ChildProcess.ProcessNotStarted
  | CommandNotExecutable
  | CommandNotFound
  | JailToolUnavailable
  | PrivilegeInvalid

/**
 * The variable that marks all processes of one spawn.
 *
 * @since 0.1.0
 * @category constants
 */
export const MARK_VARIABLE = "CHROOT_EXEC_SPAWN"

const GRACE: Duration.DurationInput = "5 seconds"

/** A spawn has a name of its own, which no other process can guess and no other jail has. */
const makeId = Effect.sync(() => randomBytes(16).toString("hex"))

const NO_PRIVILEGE: PrivMode.Privilege = { mode: "none", helper: "" }

/** What is to be run, decided once: nothing reads the configuration after this. */
const prepare = (config: AgentSpawn.AgentSpawnConfig) =>
  Effect.gen(function*() {
    yield* AgentSpawn.check(config)
    const programs = yield* JailPrograms
    const privilege = AgentSpawn.isJailed(config) ? yield* PrivMode.fromConfig : NO_PRIVILEGE
    const id = yield* makeId
    const ephemeralName = `agent-${id}`
    const { helper, mode } = privilege
    const wrapped = jailWrap(config.jail, mode, helper, config.binary, config.args, {
      ephemeralName,
      programs
    })
    return { ephemeralName, id, privilege, programs, wrapped }
  })

const reaperFor = ({ jail }: AgentSpawn.AgentSpawnConfig, tool: Tool, ephemeralName: string, id: string) => {
  if (jail?.name !== undefined) return Reapers.persistent(tool, jail.name, `${MARK_VARIABLE}=${id}`)
  return jail?.path === undefined ? Reapers.none : Reapers.ephemeral(tool, ephemeralName)
}

/** With a jail, what is missing is a program of the host's, and not the command. */
const startError = ({ program }: Wrapped, isJailed: boolean) => (error: ChildProcess.SpawnError) =>
  isJailed ? unavailable(program, error) : error

/**
 * The command line that `spawn` would run for this configuration, but for the name of an ephemeral jail, which is
 * another one each time. Changes nothing and needs no privilege.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = Effect.fn("Spawner.plan")(
  function*(
    config: AgentSpawn.AgentSpawnConfig
  ): Effect.fn.Return<Wrapped, AgentSpawnInvalid | PrivilegeInvalid> {
    return (yield* prepare(config)).wrapped
  }
)

/**
 * Spawns an agent. It does not outlive the scope, nor does anything that it started in its jail, nor an ephemeral jail
 * itself; interruption does the same.
 *
 * The end of the agent is that of the process in front of it. `jexec` becomes the command, whose exit it is. `jail`
 * waits for the command, and tells no more of it than success (0) or failure (1): jail(8). What `jexec` and `jail`
 * themselves fail with is also 1, with a line on standard error.
 *
 * Fails with `AgentSpawnInvalid` or `PrivilegeInvalid` before anything is done; without a jail as `ChildProcess.spawn`
 * does; with one with `JailToolUnavailable`.
 *
 * @since 0.1.0
 * @category operations
 */
export const spawn = Effect.fn("Spawner.spawn")(
  function*(config: AgentSpawn.AgentSpawnConfig): Effect.fn.Return<Agent, SpawnerError, Scope.Scope> {
    const { ephemeralName, id, privilege, programs, wrapped } = yield* prepare(config)
    const { argv, program } = wrapped
    const { cwd, env, grace = GRACE, stdin, stdio } = config
    const reaper = reaperFor(config, makeTool(privilege, programs), ephemeralName, id)
    const start = ChildProcess.spawn({
      program,
      args: argv,
      env: AgentSpawn.isJailed(config) ? { ...env, [MARK_VARIABLE]: id } : env,
      cwd,
      stdin,
      stdio,
      grace
    })
    const agent = yield* Effect.acquireRelease(
      start.pipe(
        Effect.mapError(startError(wrapped, AgentSpawn.isJailed(config))),
        Effect.flatMap((child) =>
          Effect.map(
            teardown(child, reaper, grace, config.jail?.name ?? ephemeralName),
            (kill) => ({ child, kill })
          )
        )
      ),
      ({ kill }) => Effect.catchAll(kill, (error) => Effect.logWarning(error.message))
    )
    const { exit, pid, stderr, stdout } = agent.child
    return { pid, stdout, stderr, exit, kill: agent.kill }
  }
)
