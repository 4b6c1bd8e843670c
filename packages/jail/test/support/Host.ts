/**
 * A made-up FreeBSD host: the doubles of its programs, the jails that they know, and a directory to be a jail's root.
 */
import type { AgentSpawnConfig } from "@chroot-exec/jail/AgentSpawn"
import { JailConfig } from "@chroot-exec/jail/JailConfig"
import { JailPrograms } from "@chroot-exec/jail/Spawner"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const fixtures = join(import.meta.dirname, "../fixtures")

const APPLETS = (
  "sh cat echo sleep kill env id setsid ls pwd stat tr sed printf true false head touch"
).split(" ")

/** What a double saw. */
interface Seen {
  readonly program: string
  readonly pid: number
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
}

export interface Host {
  readonly directory: string
  readonly bin: string
  /** The root of the persistent jail `web`, and of ephemeral ones. */
  readonly root: string
  readonly seen: (program?: string) => ReadonlyArray<Seen>
  /** The names of the jails that exist. */
  readonly jails: () => ReadonlyArray<string>
  /** The processes whose root is the jail's, by the first words of their command lines. */
  readonly processes: () => ReadonlyArray<string>
}

const populate = (root: string): void => {
  for (const directory of ["bin", "dev", "etc", "proc", "tmp"]) {
    Fs.mkdirSync(join(root, directory), { recursive: true })
  }
  Fs.chmodSync(join(root, "tmp"), 0o1777)
  Fs.copyFileSync("/bin/busybox", join(root, "bin/busybox"))
  for (const applet of APPLETS) Fs.symlinkSync("busybox", join(root, "bin", applet))
  Fs.copyFileSync(join(fixtures, "jail/ps"), join(root, "bin/ps"))
  Fs.writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\nagent:x:4711:4712::/tmp:/bin/sh\n")
  Fs.writeFileSync(join(root, "etc/marker"), "inside\n")
  execFileSync("mknod", ["-m", "666", join(root, "dev/null"), "c", "1", "3"])
}

const lines = (file: string): ReadonlyArray<string> =>
  Fs.existsSync(file) ? Fs.readFileSync(file, "utf8").split("\n").filter((line) => line !== "") : []

const isSeen = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({
  program: Schema.String,
  pid: Schema.Number,
  argv: Schema.Array(Schema.String),
  env: Schema.Record({ key: Schema.String, value: Schema.String })
})))

const inRoot = (root: string) => (pid: string): ReadonlyArray<string> => {
  try {
    const [one, other] = [Fs.statSync(`/proc/${pid}/root/`), Fs.statSync(root)]
    if (one.ino !== other.ino || one.dev !== other.dev) return []
    const command = Fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, 2).join(" ")
    // A zombie has no command line.
    return command === "" ? [] : [command]
  } catch {
    return []
  }
}

const make = (): Host => {
  const directory = Fs.mkdtempSync(join(tmpdir(), "jail-host-"))
  Fs.chmodSync(directory, 0o755)
  const [bin, root, state] = [join(directory, "bin"), join(directory, "root"), join(directory, "state")]
  Fs.cpSync(join(fixtures, "bin"), bin, { recursive: true })
  Fs.mkdirSync(join(state, "jails"), { recursive: true })
  Fs.writeFileSync(join(state, "stop.timeout"), "1")
  Fs.writeFileSync(join(state, "jails/web"), `${root}\n1\n`)
  populate(root)
  return {
    directory,
    bin,
    root,
    seen: (program) =>
      lines(join(state, "log")).map((line) => isSeen(line)).filter((one) =>
        (program ?? one.program) === one.program
      ),
    jails: () => Fs.readdirSync(join(state, "jails")),
    processes: () => Fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap(inRoot(root))
  }
}

/** Waits until these processes, and perhaps others, are in the jail. */
export const until = (host: Host, commands: ReadonlyArray<string>) =>
  Effect.iterate(0, {
    while: () => !commands.every((command) => host.processes().includes(command)),
    body: () => Effect.as(Effect.sleep("10 millis"), 0)
  })

/** A host that goes with the scope. */
export const scoped = Effect.acquireRelease(
  Effect.sync(make),
  ({ directory }) => Effect.sync(() => Fs.rmSync(directory, { recursive: true }))
)

export type Mode = "mdo" | "helper" | "none"

/** With the host's programs in the place of FreeBSD's, and the configuration for a mode. */
export const withHost = ({ bin }: Host, mode: Mode) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provideService(JailPrograms, {
      mdo: join(bin, "mdo"),
      jexec: join(bin, "jexec"),
      jail: join(bin, "jail")
    }),
    Effect.withConfigProvider(ConfigProvider.fromMap(
      new Map([["COLIBRI_JAIL_PRIV_MODE", mode], ["COLIBRI_JAIL_HELPER", join(bin, "helper")]])
    ))
  )

export const jail = Schema.decodeUnknownSync(JailConfig)

/** A script for the jail's shell. */
export const script = (
  jail: JailConfig | undefined,
  text: string,
  more: Partial<AgentSpawnConfig> = {}
): AgentSpawnConfig => ({
  binary: "/bin/sh",
  args: ["-c", text],
  env: { PATH: "/bin", TOKEN: "t1" },
  jail,
  ...more
})
