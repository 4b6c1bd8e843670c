/**
 * What `agent jail run` does, without its command line.
 *
 * @since 0.1.0
 */
import { Terminated } from "@chroot-exec/core/ExecError"
import { toExitCode } from "@chroot-exec/core/ExitStatus"
import { quote } from "@chroot-exec/core/Quote"
import * as Signal from "@chroot-exec/core/Signal"
import type { AgentSpawnConfig } from "@chroot-exec/jail/AgentSpawn"
import { decodeJailConfig } from "@chroot-exec/jail/JailConfig"
import type { PrivMode } from "@chroot-exec/jail/PrivMode"
import { MODE_VARIABLE } from "@chroot-exec/jail/PrivMode"
import * as Spawner from "@chroot-exec/jail/Spawner"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import { UsageError } from "./AgentError.js"
import { callerEnvironment } from "./CallerEnvironment.js"
import { Launcher } from "./Launcher.js"
import { StepCommand } from "./StepCommand.js"

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
  readonly env: ReadonlyArray<string>
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

const variables = (entries: ReadonlyArray<string>) =>
  Effect.forEach(entries, (entry) => {
    const at = entry.indexOf("=")
    return at > 0
      ? Effect.succeed([entry.slice(0, at), entry.slice(at + 1)] as const)
      : usage("-e takes NAME=VALUE")
  })

const configFor = (options: JailRunOptions) =>
  Effect.gen(function*() {
    const [binary, ...args] = yield* StepCommand
    if (binary === undefined) return yield* usage("no command given: it stands behind --")
    yield* checkCombination(options)
    const jail = yield* decodeJail(options)
    const env = { ...(yield* callerEnvironment), ...Object.fromEntries(yield* variables(options.env)) }
    const config: AgentSpawnConfig = { binary, args, env, jail, stdio: "inherit" }
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

const TERMINATING = ["SIGHUP", "SIGINT", "SIGTERM"] as const

/**
 * Runs something that the first of these signals interrupts, however long its cleaning up takes; then fails with
 * `Terminated`. Signals that the caller ignores stay ignored.
 */
const interruptedBySignals = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Terminated, R> =>
  Effect.acquireUseRelease(
    Effect.gen(function*() {
      const launcher = yield* Launcher
      const ignored = Option.match(launcher, { onNone: () => 0n, onSome: ({ ignored }) => ignored })
      const received = yield* Deferred.make<never, Terminated>()
      const listeners = TERMINATING.map((name) => {
        const signal = Signal.toNumber(name)
        const listener = () => {
          if (!Signal.has(ignored, signal)) Deferred.unsafeDone(received, new Terminated({ signal }))
        }
        process.on(name, listener)
        return [name, listener] as const
      })
      return { listeners, received }
    }),
    ({ received }) => Effect.raceFirst(Deferred.await(received), effect),
    ({ listeners }) => Effect.sync(() => listeners.forEach(([name, listener]) => process.off(name, listener)))
  )

/**
 * Runs the command to its end, on our own standard streams. The code to exit with: its own, or 128 + N after signal N.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (options: JailRunOptions) =>
  configFor(options).pipe(
    Effect.flatMap((config) =>
      Spawner.spawn(config).pipe(
        Effect.flatMap(({ exit }) => exit),
        Effect.scoped,
        interruptedBySignals
      )
    ),
    withMode(options),
    Effect.map(toExitCode)
  )

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * The command line, and nothing else: an element a line (quoted as JSON when it has control characters), or as a JSON
 * array.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = (options: JailRunOptions, format: "text" | "json") =>
  configFor(options).pipe(
    Effect.flatMap(Spawner.plan),
    withMode(options),
    Effect.map(({ argv, program }) =>
      format === "json"
        ? JSON.stringify([program, ...argv])
        : [program, ...argv].map((element) => CONTROL.test(element) ? quote(element) : element).join("\n")
    )
  )
