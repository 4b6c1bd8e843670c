/**
 * An agent to be spawned.
 *
 * @since 0.1.0
 */
import { CString } from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import * as Problems from "@chroot-exec/core/Problems"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
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

/** What `node:child_process` can hand on: it replaces what is not UTF-8 by something else. */
const Text = CString.pipe(
  Schema.filter((text) => !SurrogateEscape.hasEscapes(text), {
    description: "text in UTF-8: Node hands no other bytes to a program"
  })
)

const Program = Text.pipe(
  Schema.filter((program) => program !== "", { description: "a path or a name, not empty" })
)

/** What a caller was given itself may have an entry without a name, which is passed on as it is. */
const Name = Text.pipe(
  Schema.filter((name) => !name.includes("="), { description: "a name without \"=\"" })
)

/** mdo(1), jexec(8) and jail(8) run as root on the host, with the command's environment: rtld(1) obeys it. */
const JailedName = Name.pipe(
  Schema.filter((name) =>
    name.startsWith("LD_")
      ? "would be obeyed by the programs that enter the jail, as root on the host"
      : true
  )
)

type Check = (text: string, path: ReadonlyArray<PropertyKey>) => ReadonlyArray<Problems.Problem>

const checker = <A>(schema: Schema.Schema<A, string>): Check => {
  const decode = ParseResult.decodeEither(schema)
  return (text, path) =>
    Either.match(decode(text), {
      onLeft: (issue) => Problems.fromIssue(issue, path),
      onRight: () => []
    })
}

const checkProgram = checker(Program)
const checkText = checker(Text)
const checkName = checker(Name)
const checkJailedName = checker(JailedName)

const problemsOf = (config: AgentSpawnConfig): ReadonlyArray<Problems.Problem> => {
  const { args, binary, cwd, env } = config
  const checkVariable = isJailed(config) ? checkJailedName : checkName
  return [
    ...checkProgram(binary, ["binary"]),
    ...args.flatMap((text, index) => checkText(text, ["args", index])),
    ...Object.entries(env).flatMap(([name, value]) =>
      checkVariable(name, ["env", name]).concat(checkText(value, ["env", name]))
    ),
    ...(isJailed(config) && cwd !== undefined
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
