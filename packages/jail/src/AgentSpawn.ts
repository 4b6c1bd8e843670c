/**
 * An agent to be spawned.
 *
 * @since 0.1.0
 */
import { EnvironmentRecord } from "@chroot-exec/core/Environment"
import type { Environment } from "@chroot-exec/core/Environment"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as Stream from "effect/Stream"
import type { JailConfig } from "./JailConfig.js"
import { AgentSpawnInvalid } from "./JailError.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface AgentSpawnConfig {
  /** The command: a path, or a name on PATH; of the jail, when there is one. */
  readonly binary: string
  readonly args: ReadonlyArray<string>
  /** All of its environment. */
  readonly env: Environment
  /** Where it works; only without a jail, since in one it starts in the root. */
  readonly cwd?: string | undefined
  /** What it reads; nothing when not given. */
  readonly stdin?: Stream.Stream<Uint8Array> | undefined
  /** `inherit`: it has our standard streams themselves. */
  readonly stdio?: "inherit" | undefined
  readonly jail?: JailConfig | undefined
  /** The time between SIGTERM and SIGKILL; 5 seconds when not given. */
  readonly grace?: Duration.DurationInput | undefined
}

/**
 * Whether a jail is entered or made.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isJailed = ({ jail }: Pick<AgentSpawnConfig, "jail">): boolean =>
  jail?.name !== undefined || jail?.path !== undefined

const decodeEnvironment = ParseResult.decodeUnknownEither(EnvironmentRecord, { errors: "all" })

/** mdo(1), jexec(8) and jail(8) run as root on the host, with the command's environment: rtld(1) obeys it. */
const LOADER = /^LD_/

const problemsOf = (
  config: AgentSpawnConfig
): ReadonlyArray<{ readonly path: string; readonly problem: string }> => {
  const environment = Either.match(decodeEnvironment(config.env), {
    onLeft: (issue) =>
      ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ path: [name = ""] }) => ({
        path: "env",
        problem: `has a variable ${JSON.stringify(String(name).split("=")[0])} that cannot be one`
      })),
    onRight: (env) =>
      isJailed(config)
        ? Object.keys(env).filter((name) => LOADER.test(name)).map((name) => ({
          path: "env",
          problem: `has ${
            JSON.stringify(name)
          }, which the programs that enter the jail would obey, as root on the host`
        }))
        : []
  })
  return [
    ...(config.binary === "" ? [{ path: "binary", problem: "is empty" }] : []),
    ...[config.binary, ...config.args].flatMap((text, index) =>
      text.includes("\0")
        ? [{ path: index === 0 ? "binary" : `args[${index - 1}]`, problem: "has a NUL" }]
        : []
    ),
    ...environment,
    ...(isJailed(config) && config.cwd !== undefined
      ? [{ path: "cwd", problem: "has no meaning in a jail, where the command starts in the root" }]
      : [])
  ]
}

/**
 * Refuses what cannot be spawned, with everything that is wrong: `AgentSpawnInvalid`.
 *
 * @since 0.1.0
 * @category operations
 */
export const check = (config: AgentSpawnConfig): Effect.Effect<void, AgentSpawnInvalid> =>
  Effect.suspend(() => {
    const [first, ...rest] = problemsOf(config)
    return first === undefined ? Effect.void : new AgentSpawnInvalid({ problems: [first, ...rest] })
  })
