/**
 * Credentials for registries, as `docker login` leaves them: in `config.json`, or with a credential helper.
 *
 * @since 0.1.0
 */
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { join } from "node:path"
import { CredentialsUnusable } from "./SandboxError.js"

/** The header X-Registry-Auth for a registry; none when there is nothing for it. */
type Lookup = (registry: string) => Effect.Effect<Option.Option<Redacted.Redacted>, CredentialsUnusable>

/**
 * Where a pull takes its credentials from: nowhere, unless `layer` or a test provides something.
 *
 * @since 0.1.0
 * @category context
 */
export class RegistryAuth extends Context.Reference<RegistryAuth>()("@chroot-exec/sandbox/RegistryAuth", {
  defaultValue: (): Lookup => () => Effect.succeedNone
}) {}

const AuthEntry = Schema.Struct({
  auth: Schema.optional(Schema.String),
  username: Schema.optional(Schema.String),
  password: Schema.optional(Schema.String),
  identitytoken: Schema.optional(Schema.String)
})

const Helper = Schema.String.pipe(Schema.pattern(/^[\w.-]+$/))

const ConfigFile = Schema.parseJson(Schema.Struct({
  auths: Schema.optional(Schema.Record({ key: Schema.String, value: AuthEntry })),
  credsStore: Schema.optional(Schema.Union(Helper, Schema.Literal(""))),
  credHelpers: Schema.optional(Schema.Record({ key: Schema.String, value: Helper }))
}))

const HelperAnswer = Schema.parseJson(Schema.Struct({ Username: Schema.String, Secret: Schema.String }))

const decodeConfig = Schema.decodeUnknown(ConfigFile)
const decodeAnswer = Schema.decodeUnknown(HelperAnswer)

/** AuthConfig of the Engine API as a header wants it. */
const header = (registry: string, auth: Readonly<Record<string, string>>): Redacted.Redacted =>
  Redacted.make(Buffer.from(JSON.stringify({ serveraddress: registry, ...auth })).toString("base64url"))

const passwordHeader = (registry: string, username: string, password: string) =>
  header(registry, username === "<token>" ? { identitytoken: password } : { username, password })

/** `https://registry.example/v1/` is `registry.example`. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, "").replace(/\/.*$/, "")

const fromEntry = (registry: string, entry: typeof AuthEntry.Type): Option.Option<Redacted.Redacted> => {
  const { auth, identitytoken, password, username } = entry
  if (identitytoken) return Option.some(header(registry, { identitytoken }))
  if (username && password) return Option.some(passwordHeader(registry, username, password))
  const [, name, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(auth ?? "", "base64").toString()) ?? []
  return name && secret ? Option.some(passwordHeader(registry, name, secret)) : Option.none()
}

/** docker-credential-helpers' protocol: the registry on standard input, JSON on standard output. */
const askHelper = (registry: string, helper: string) => {
  const source = `docker-credential-${helper}`
  const unusable = (detail: string) => new CredentialsUnusable({ registry, source, detail })
  return Effect.scoped(Effect.gen(function*() {
    const process = yield* Command.start(Command.feed(Command.make(source, "get"), registry))
    const output = yield* process.stdout.pipe(Stream.decodeText(), Stream.mkString)
    return { output, code: yield* process.exitCode }
  })).pipe(
    Effect.mapError(({ message }) => unusable(message)),
    Effect.flatMap(({ code, output }) => {
      if (code === 0) {
        return Effect.mapBoth(decodeAnswer(output), {
          onFailure: () => unusable("its answer is not what helpers answer"),
          onSuccess: ({ Secret, Username }) => Option.some(passwordHeader(registry, Username, Secret))
        })
      }
      return output.includes("credentials not found")
        ? Effect.succeedNone
        : Effect.fail(unusable(`it ended with exit code ${code}`))
    })
  )
}

/** Without a file nobody has logged in anywhere. */
const readConfig = (registry: string, file: string) => {
  const unusable = (detail: string) => new CredentialsUnusable({ registry, source: file, detail })
  return Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(file)).pipe(
    Effect.catchIf(
      (error) => error._tag === "SystemError" && error.reason === "NotFound",
      () => Effect.succeed("{}")
    ),
    Effect.mapError(({ message }) => unusable(message)),
    // What is wrong with the file is not said: it has secrets in it.
    Effect.flatMap((text) =>
      Effect.mapError(decodeConfig(text), () => unusable("it is not Docker's config.json"))
    )
  )
}

const lookup = (file: string) => (registry: string) =>
  Effect.gen(function*() {
    const { auths = {}, credHelpers = {}, credsStore } = yield* readConfig(registry, file)
    const helper = Object.entries(credHelpers).find(([key]) => hostOf(key) === hostOf(registry))?.[1] ??
      credsStore
    if (helper) return yield* askHelper(registry, helper)
    const entry = Object.entries(auths).find(([key]) => hostOf(key) === hostOf(registry))
    return entry === undefined ? Option.none() : fromEntry(registry, entry[1])
  })

/**
 * Credentials from `config.json` in `DOCKER_CONFIG`, or in `.docker` of the home directory, with `credHelpers` before
 * `credsStore` before `auths`. A lookup fails with `CredentialsUnusable`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (env: Readonly<Record<string, string | undefined>>): Layer.Layer<RegistryAuth> => {
  const file = join(env["DOCKER_CONFIG"] || join(env["HOME"] ?? "/", ".docker"), "config.json")
  return Layer.effect(
    RegistryAuth,
    Effect.map(
      Effect.context<CommandExecutor.CommandExecutor | FileSystem.FileSystem>(),
      (context): Lookup => (registry) => Effect.provide(lookup(file)(registry), context)
    )
  ).pipe(
    Layer.provide(Layer.provideMerge(NodeCommandExecutor.layer, NodeFileSystem.layer))
  )
}
