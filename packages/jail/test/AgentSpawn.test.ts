/**
 * What cannot be spawned is refused before anything is done, with everything that is wrong and no value.
 */
import type { AgentSpawnConfig } from "@chroot-exec/jail/AgentSpawn"
import { JailConfig } from "@chroot-exec/jail/JailConfig"
import * as Spawner from "@chroot-exec/jail/Spawner"
import { describe, expect, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const jail = Schema.decodeSync(JailConfig)({ name: "w" })

const outcome = (config: Partial<AgentSpawnConfig>) =>
  Spawner.plan({ binary: "ls", args: [], env: {}, ...config }).pipe(
    Effect.map(({ argv, program }) => [program, ...argv].join(" ")),
    Effect.catchAll(({ message }) => Effect.succeed(message)),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["COLIBRI_JAIL_PRIV_MODE", "none"]])))
  )

const obeyed = (name: string) =>
  `env.${name} would be obeyed by the programs that enter the jail, as root on the host`

const UTF8 = "must be text in UTF-8: Node hands no other bytes to a program"

describe("refused", () => {
  it.effect.each<readonly [Partial<AgentSpawnConfig>, string]>([
    [{ binary: "" }, "binary must be a path or a name, not empty"],
    [{ binary: "l\0s" }, "binary must be text without a NUL"],
    [{ args: ["a", "hunter2\0"] }, "args[1] must be text without a NUL"],
    [{ args: ["hunter2\ud800"] }, "args[0] must be text that maps to bytes (no lone surrogate)"],
    [{ env: { A: "hunter2\0" } }, "env.A must be text without a NUL"],
    [{ binary: "l\udce9" }, `binary ${UTF8}`],
    [{ args: ["hunter2\udce9"] }, `args[0] ${UTF8}`],
    [{ env: { A: "hunter2\udce9", "B\udce9": "" } }, `env.A ${UTF8}; env["B\\udce9"] ${UTF8}`],
    [{ env: { "A\0": "" } }, "env[\"A\\u0000\"] must be text without a NUL"],
    [{ env: { "A=hunter2": "" } }, "env[\"A=...\"] must be a name without \"=\""],
    [{ env: { LD_PRELOAD: "hunter2" }, jail }, obeyed("LD_PRELOAD")],
    [{ cwd: "/", jail }, "cwd has no meaning in a jail, where the command starts in the root"],
    [
      { binary: "", args: ["\0"], env: { LD_PRELOAD: "", B: "\0" }, cwd: "/", jail },
      "binary must be a path or a name, not empty; args[0] must be text without a NUL; "
      + `${
        obeyed("LD_PRELOAD")
      }; env.B must be text without a NUL; cwd has no meaning in a jail, where the command `
      + "starts in the root"
    ]
  ])(
    "%j",
    ([config, expected]) =>
      Effect.map(outcome(config), (message) => expect(message).toBe(`cannot spawn: ${expected}`))
  )
})

describe("accepted", () => {
  it.effect.each<readonly [Partial<AgentSpawnConfig>, string]>([
    [{ env: { LD_PRELOAD: "x" }, cwd: "/" }, "ls"],
    [{ env: { A: "1\n2", "%x": "", "": "1=" }, args: ["", "\n"], jail }, "/usr/sbin/jexec w ls  \n"]
  ])("%j", ([config, expected]) => Effect.map(outcome(config), (line) => expect(line).toBe(expected)))
})
