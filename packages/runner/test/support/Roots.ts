/**
 * Roots of one static busybox, and steps in them.
 */
import { ControlFile } from "@chroot-exec/core/ControlFile"
import * as CString from "@chroot-exec/core/CString"
import { Root } from "@chroot-exec/core/Root"
import type { LaunchRequest, RunningStep } from "@chroot-exec/runner/Launcher"
import { Launcher } from "@chroot-exec/runner/Launcher"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeBusyboxRoot } from "../../../../docker/busybox-root.mjs"

/** A root that is removed with the scope. */
export const busyboxRoot = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "root-"))
    makeBusyboxRoot(directory)
    mkdirSync(join(directory, "dev"))
    // A shell opens it for what it runs in the background.
    execFileSync("mknod", ["-m", "666", join(directory, "dev/null"), "c", "1", "3"])
    return directory
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

const decode = Schema.decodeUnknownSync(ControlFile)

/** A request for a command in a root; what is not given is harmless. */
export const request = (
  root: string,
  cmd: ReadonlyArray<string>,
  more: Partial<Omit<LaunchRequest, "control">> & { readonly control?: Partial<typeof ControlFile.Encoded> } =
    {}
): LaunchRequest => ({
  environment: { PATH: "/bin" },
  openFiles: Option.none(),
  stdin: "empty",
  root: root === "local" ? Root.Local() : Root.Directory({ path: CString.make(root) }),
  ...more,
  control: decode({ cmd, no_chmod: true, env: {}, copy_dir: "/", ...more.control })
})

/** /bin/sh with a script. */
export const shell = (
  root: string,
  script: string,
  more: Parameters<typeof request>[2] = {}
): LaunchRequest => request(root, ["/bin/sh", "-c", script], more)

/** All that a stream gives, as bytes in Latin-1. */
export const readAll = (read: RunningStep["stdout"]): Effect.Effect<string> =>
  Effect.gen(function*() {
    const buffer = new Uint8Array(65_536)
    let text = ""
    while (true) {
      const count = yield* Effect.orDie(read(buffer))
      if (count === 0) return text
      text += Buffer.from(buffer.subarray(0, count)).toString("latin1")
    }
  })

/** Launches, and waits until the step has ended and nothing is left. */
export const run = (wanted: LaunchRequest) =>
  Effect.scoped(Effect.gen(function*() {
    const running = yield* Effect.flatMap(Launcher, ({ launch }) => launch(wanted))
    const [stdout, stderr, ended] = yield* Effect.all(
      [readAll(running.stdout), readAll(running.stderr), running.ended],
      { concurrency: "unbounded" }
    )
    yield* running.end
    return { stdout, stderr, ...ended, pid: running.pid, swept: yield* running.gone }
  }))

/** One line of output, for steps that say when they are ready. */
export const firstLine = ({ stdout }: RunningStep): Effect.Effect<string> =>
  Effect.gen(function*() {
    const buffer = new Uint8Array(4096)
    let text = ""
    while (!text.includes("\n")) {
      const count = yield* Effect.orDie(stdout(buffer))
      if (count === 0) return text
      text += Buffer.from(buffer.subarray(0, count)).toString("latin1")
    }
    return text.trimEnd()
  })
