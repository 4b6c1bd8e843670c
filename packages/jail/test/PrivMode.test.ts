/**
 * How to become root, as the configuration says.
 */
import { JailConfig } from "@chroot-exec/jail/JailConfig"
import { fromConfig } from "@chroot-exec/jail/PrivMode"
import * as Spawner from "@chroot-exec/jail/Spawner"
import { expect, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const withVariables = (variables: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

const outcome = (variables: Readonly<Record<string, string>>) =>
  fromConfig.pipe(withVariables(variables), Effect.catchAll(({ message }) => Effect.succeed(message)))

it.effect.each<readonly [Readonly<Record<string, string>>, unknown]>([
  [{}, { mode: "mdo", helper: "" }],
  [{ COLIBRI_JAIL_PRIV_MODE: "none" }, { mode: "none", helper: "" }],
  [{ COLIBRI_JAIL_PRIV_MODE: "helper", COLIBRI_JAIL_HELPER: "/h" }, { mode: "helper", helper: "/h" }],
  [{ COLIBRI_JAIL_PRIV_MODE: "sudo" }, "COLIBRI_JAIL_PRIV_MODE must be one of mdo, helper, none"],
  [{ COLIBRI_JAIL_PRIV_MODE: "" }, "COLIBRI_JAIL_PRIV_MODE must be one of mdo, helper, none"],
  [
    { COLIBRI_JAIL_PRIV_MODE: "helper" },
    "COLIBRI_JAIL_HELPER must be the absolute path of the helper, which the mode helper needs"
  ],
  [
    { COLIBRI_JAIL_PRIV_MODE: "helper", COLIBRI_JAIL_HELPER: "h" },
    "COLIBRI_JAIL_HELPER must be the absolute path of the helper, which the mode helper needs"
  ]
])(
  "%j",
  ([variables, expected]) =>
    Effect.map(outcome(variables), (actual) => expect(actual).toStrictEqual(expected))
)

const config = { binary: "ls", args: [], env: {} }
const jail = Schema.decodeUnknownSync(JailConfig)

it.effect("is asked only when there is a jail", () =>
  Effect.gen(function*() {
    const plan = (name?: string) =>
      Spawner.plan({ ...config, jail: name === undefined ? jail({}) : jail({ name }) }).pipe(
        withVariables({ COLIBRI_JAIL_PRIV_MODE: "wrong" })
      )
    expect(yield* plan()).toStrictEqual({ program: "ls", argv: [] })
    expect((yield* Effect.flip(plan("web")))._tag).toBe("PrivilegeInvalid")
  }))
