/**
 * The directories of one case: a root that has busybox in it, a directory outside, and the control file.
 */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, isAbsolute, join } from "node:path"

const BUSYBOX = "/bin/busybox"

const APPLETS = (
  "sh ls cat id pwd echo sleep kill true false stat readlink printf head tail tr wc grep umask chmod sed od dd env "
  + "printenv mount"
).split(" ")

const DIRECTORIES = ["bin", "usr/bin", "etc", "tmp", "work", "steps", "proc", "dev"]

export interface Sandbox {
  readonly tmp: string
  readonly root: string
  /** A directory outside the root that everybody may write to. */
  readonly local: string
  readonly control: string
  /** Replaces `{tmp}`, `{root}`, `{local}` and `{control}` by their paths, `{x123}` by so many x. */
  readonly fill: (text: string) => string
  /** Where a path of a case is on the machine: below the root, unless a placeholder leads elsewhere. */
  readonly place: (path: string) => string
}

/** Directories for everybody to pass, whatever the umask: steps run as other users too. */
const makeDirectory = (path: string, mode: number): void => {
  Fs.mkdirSync(path, { recursive: true })
  Fs.chmodSync(path, mode)
}

/** An executable root: busybox under the names of `APPLETS`, `env` in both of the usual places. */
const populate = (root: string): void => {
  for (const directory of DIRECTORIES) makeDirectory(join(root, directory), 0o755)
  Fs.copyFileSync(BUSYBOX, join(root, "bin/busybox"))
  for (const applet of APPLETS) Fs.symlinkSync("busybox", join(root, "bin", applet))
  Fs.symlinkSync("/bin/busybox", join(root, "usr/bin/env"))
  Fs.writeFileSync(join(root, "etc/marker"), "CHROOTMARK\n")
  Fs.writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n")
  execFileSync("mknod", ["-m", "666", join(root, "dev/null"), "c", "1", "3"])
  execFileSync("mknod", ["-m", "666", join(root, "dev/zero"), "c", "1", "5"])
}

const make = (withRoot: boolean): Sandbox => {
  const tmp = Fs.mkdtempSync(join(tmpdir(), "agent-test-"))
  const [root, local, control] = [join(tmp, "root"), join(tmp, "local"), join(tmp, "control.json")]
  Fs.chmodSync(tmp, 0o755)
  makeDirectory(local, 0o777)
  if (withRoot) populate(root)
  const places = new Map([["tmp", tmp], ["root", root], ["local", local], ["control", control]])
  const fill = (text: string): string =>
    text.replace(
      /\{(tmp|root|local|control)\}|\{x(\d+)\}/g,
      (_, name: string, count: string) => places.get(name) ?? "x".repeat(Number(count))
    )
  return {
    tmp,
    root,
    local,
    control,
    fill,
    place: (path) => {
      if (!path.startsWith("{")) return join(root, path)
      // One that is misspelt must not be a file that nobody has.
      if (!isAbsolute(fill(path))) throw new Error(`no placeholder: ${path}`)
      return fill(path)
    }
  }
}

/** Fresh directories that go with the scope. Nothing is ever mounted in them but in namespaces of children. */
export const scoped = (options: { readonly withRoot: boolean }) =>
  Effect.acquireRelease(
    Effect.sync(() => make(options.withRoot)),
    ({ tmp }) => Effect.sync(() => Fs.rmSync(tmp, { recursive: true, force: true }))
  )

/** Writes a file with its mode, in the place of whatever is there, and makes the directories above it. */
export const writeFile = (path: string, text: string, mode: number, owner?: number): void => {
  Fs.mkdirSync(dirname(path), { recursive: true })
  Fs.rmSync(path, { force: true })
  Fs.writeFileSync(path, text)
  if (owner !== undefined) Fs.chownSync(path, owner, owner)
  Fs.chmodSync(path, mode)
}
