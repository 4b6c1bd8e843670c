/**
 * What `agent jail run` does, without its command line.
 *
 * @since 0.1.0
 */
import { toExitCode } from "@chroot-exec/core/ExitStatus"
import { quote } from "@chroot-exec/core/Quote"
import type { AgentSpawnConfig } from "@chroot-exec/jail/AgentSpawn"
import { decodeJailConfig } from "@chroot-exec/jail/JailConfig"
import type { PrivMode } from "@chroot-exec/jail/PrivMode"
import { MODE_VARIABLE } from "@chroot-exec/jail/PrivMode"
import * as Spawner from "@chroot-exec/jail/Spawner"
import * as ConfigProvider from "effect/ConfigProvider"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import { UsageError } from "../shared/AgentError.js"
import { callerEnvironment } from "../shared/CallerEnvironment.js"
import { orTerminated } from "../shared/Signals.js"
import * as Stdio from "../shared/Stdio.js"
import { StepCommand } from "../shared/StepCommand.js"

/**
 * The options, as they were given.
 *
 * @since 0.1.0
 * @category models
 */
export interface JailRunOptions {
  readonly name: Option.Option<string>
  readonly path: Option.Option<string>
  readonly ip4: Option.Option<string>
  readonly ip6: Option.Option<string>
  readonly hostname: Option.Option<string>
  readonly vnet: boolean
  readonly devfsRuleset: Option.Option<number>
  readonly allow: ReadonlyArray<string>
  readonly user: Option.Option<string>
  readonly privMode: Option.Option<PrivMode>
  readonly env: ReadonlyArray<readonly [name: string, value: string]>
  readonly grace: Duration.Duration
  readonly dryRun: Option.Option<"text" | "json">
  readonly json: boolean
}

const usage = (problem: string) => new UsageError({ problem, command: "agent jail run" })

/** What describes a jail that is to be made, by option. */
const creation = ({ allow, devfsRuleset, hostname, ip4, ip6, path, vnet }: JailRunOptions) => ({
  "--path": Option.isSome(path),
  "--ip4": Option.isSome(ip4),
  "--ip6": Option.isSome(ip6),
  "--hostname": Option.isSome(hostname),
  "--vnet": vnet,
  "--devfs-ruleset": Option.isSome(devfsRuleset),
  "--allow": allow.length > 0
})

/** An option that would have no effect is refused: whoever gave it counts on it. */
const checkCombination = (options: JailRunOptions): Effect.Effect<void, UsageError> => {
  const given = Object.entries({ ...creation(options), "--user": Option.isSome(options.user) })
    .flatMap(([option, isGiven]) => isGiven ? [option] : [])
  const idle = given.find((option) => option !== "--user")
  if (Option.isSome(options.name) && idle !== undefined) {
    return usage(`${idle} is for a jail that is made, and --name enters one that exists`)
  }
  const [first] = given
  return Option.isNone(options.name) && Option.isNone(options.path) && first !== undefined
    ? usage(`${first} needs a jail: give --name or --path`)
    : Effect.void
}

const decodeJail = ({ allow, devfsRuleset, hostname, ip4, ip6, name, path, user, vnet }: JailRunOptions) =>
  decodeJailConfig({
    ...Record.getSomes({ name, path, ip4, ip6, hostname, user }),
    ...Record.getSomes({ devfsRuleset }),
    vnet,
    allow: Object.fromEntries(allow.map((permission) => [permission, true]))
  })

const configFor = (options: JailRunOptions) =>
  Effect.gen(function*() {
    const [binary, ...args] = yield* StepCommand
    if (binary === undefined) return yield* usage("no command given: it stands behind --")
    yield* checkCombination(options)
    const jail = yield* decodeJail(options)
    const env = { ...(yield* callerEnvironment), ...Object.fromEntries(options.env) }
    const config: AgentSpawnConfig = { binary, args, env, jail, stdio: "inherit", grace: options.grace }
    return config
  })

/** An option wins over the variable. */
const withMode =
  ({ privMode }: JailRunOptions) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withConfigProvider(
      effect,
      Option.match(privMode, {
        onNone: () => ConfigProvider.fromEnv(),
        onSome: (mode) =>
          ConfigProvider.orElse(
            ConfigProvider.fromMap(new Map([[MODE_VARIABLE, mode]])),
            () => ConfigProvider.fromEnv()
          )
      })
    )

/** Ends the command at once. What it has left in the jail is ended after, as always. */
const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // It has ended, or is root's; then the privilege ends it once the grace is over.
  }
}

/** Runs the command to its end, on our own standard streams. The code to exit with: its own, or 128 + N after signal N. */
const run = (options: JailRunOptions) =>
  configFor(options).pipe(
    Effect.flatMap((config) =>
      Effect.suspend(() => {
        let hurry = () => {}
        return Spawner.spawn(config).pipe(
          Effect.tap(({ pid }) => {
            hurry = () => killGroup(pid)
          }),
          Effect.flatMap(({ exit }) => exit),
          Effect.scoped,
          orTerminated("jail run", () => hurry())
        )
      })
    ),
    withMode(options),
    Effect.map(toExitCode)
  )

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * The command line, and nothing else: an element a line (quoted as JSON when it has control characters), or as a JSON
 * array.
 */
const plan = (options: JailRunOptions, format: "text" | "json") =>
  configFor(options).pipe(
    Effect.flatMap(Spawner.plan),
    withMode(options),
    Effect.map(({ argv, program }) =>
      format === "json"
        ? JSON.stringify([program, ...argv])
        : [program, ...argv].map((element) => CONTROL.test(element) ? quote(element) : element).join("\n")
    )
  )

/**
 * Runs the command as the options say, and makes its code the agent's; or prints the command line.
 *
 * @since 0.1.0
 * @category operations
 */
export const command = (options: JailRunOptions) =>
  Effect.gen(function*() {
    if (Option.isSome(options.dryRun)) {
      const lines = yield* plan(options, options.json ? "json" : options.dryRun.value)
      // Not through the console, which trims: the last argument may be empty.
      return yield* Stdio.writeOutput(`${lines}\n`)
    }
    if (options.json) return yield* usage("--json is for --dry-run")
    process.exitCode = yield* run(options)
  })
