/**
 * From the options of `agent sandbox run` to a job.
 *
 * @since 0.1.0
 */
import { type ByteStream, decodeJob } from "@chroot-exec/sandbox/Job"
import { packDirectory } from "@chroot-exec/sandbox/PackDirectory"
import { InputUnreadable } from "@chroot-exec/sandbox/SandboxError"
import * as NodeStream from "@effect/platform-node/NodeStream"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { createReadStream, readFileSync } from "node:fs"
import { UsageError } from "../shared/AgentError.js"

/**
 * The options, each with the form that its text has.
 *
 * @since 0.1.0
 * @category models
 */
export interface SandboxOptions {
  readonly image: string
  readonly cpus: Option.Option<number>
  readonly memory: Option.Option<number>
  readonly pids: Option.Option<number>
  readonly timeout: Option.Option<Duration.Duration>
  readonly network: Option.Option<string>
  readonly env: ReadonlyArray<readonly [name: string, value: string]>
  readonly envFile: Option.Option<string>
  readonly workdir: Option.Option<string>
  readonly mount: ReadonlyArray<readonly [source: string, target: string]>
  readonly inputTar: Option.Option<string>
  readonly input: Option.Option<string>
  readonly inputDir: Option.Option<string>
  readonly stdin: boolean
  readonly collect: ReadonlyArray<string>
  readonly out: Option.Option<string>
  readonly maxOutput: Option.Option<number>
  readonly maxArtifact: Option.Option<number>
  readonly maxInput: Option.Option<number>
  readonly json: boolean
  readonly dryRun: Option.Option<"text" | "json">
}

/** What is wrong with the options, beyond each of them. */
const problemOf = (options: SandboxOptions, command: ReadonlyArray<string>): string | undefined => {
  const { collect, dryRun, input, inputDir, inputTar, json, out, stdin } = options
  if (command.length === 0) return "no command given; it follows --"
  if (Option.isSome(input) && Option.isSome(inputTar)) return "give one of --input and --input-tar"
  if (Option.isSome(inputDir) && Option.isNone(input) && Option.isNone(inputTar)) {
    return "--input-dir takes --input or --input-tar, too"
  }
  if (stdin && Option.contains(inputTar, "-")) return "standard input is either the input or the command's"
  if (collect.length > 0 && Option.isNone(out) && !json && Option.isNone(dryRun)) {
    return "--collect takes --out or --json, too"
  }
  if (Option.isSome(out) && collect.length === 0) return "--out takes --collect, too"
  return undefined
}

const unreadable = (source: string) => (error: unknown): InputUnreadable =>
  new InputUnreadable({ source, detail: error instanceof Error ? error.message : "it cannot be read" })

/** Read as a stream, so that nothing keeps the process when the rest is not wanted. */
const standardInput = (): ByteStream =>
  NodeStream.fromReadable(() => process.stdin, unreadable("standard input"))

const file = (path: string): ByteStream =>
  NodeStream.fromReadable(() => createReadStream(path), unreadable(path))

/** A NAME=VALUE a line. A line without `=` would take the value from the agent, which is not asked for. */
const parseEnvFile = (content: string) => {
  const pairs: Array<readonly [string, string]> = []
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue
    const at = line.indexOf("=")
    if (at < 1) {
      const problem = `line ${index + 1} of the file of --env-file is not NAME=VALUE`
      return Effect.fail(new UsageError({ problem, command: "agent sandbox run" }))
    }
    pairs.push([line.slice(0, at), line.slice(at + 1)])
  }
  return Effect.succeed(pairs)
}

const readEnvFile = (path: string) =>
  Effect.try({ try: () => readFileSync(path, "utf8"), catch: unreadable(path) }).pipe(
    Effect.flatMap(parseEnvFile)
  )

/** The option under a job's name for it; nothing when it was not given. */
const given = (name: string, option: Option.Option<unknown>): Readonly<Record<string, unknown>> =>
  Option.match(option, { onNone: () => ({}), onSome: (value) => ({ [name]: value }) })

/**
 * The job that the options and the command describe. Nothing is opened yet but the file of variables. Fails with a
 * `UsageError` when they contradict each other, and with a `JobInvalid` when what they say is refused.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toJob = (options: SandboxOptions, command: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const problem = problemOf(options, command)
    if (problem !== undefined) return yield* new UsageError({ problem, command: "agent sandbox run" })
    const fromFile = Option.isSome(options.envFile) ? yield* readEnvFile(options.envFile.value) : []
    const archive = Option.map(options.inputTar, (path) => path === "-" ? standardInput() : file(path))
    return yield* decodeJob({
      image: options.image,
      command,
      env: Object.fromEntries([...fromFile, ...options.env]),
      mounts: options.mount.map(([source, target]) => ({ source, target })),
      collect: options.collect,
      ...given("workingDirectory", options.workdir),
      ...given("inputTar", Option.orElse(archive, () => Option.map(options.input, packDirectory))),
      ...given("inputDirectory", options.inputDir),
      ...(options.stdin ? { stdin: standardInput() } : {}),
      limits: {
        ...given("cpus", options.cpus),
        ...given("memory", options.memory),
        ...given("pids", options.pids),
        ...given("timeout", options.timeout),
        ...given("network", options.network),
        ...given("output", options.maxOutput),
        ...given("artifact", options.maxArtifact),
        ...given("input", options.maxInput)
      }
    })
  })
