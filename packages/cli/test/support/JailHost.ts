/**
 * A sandbox whose root is the jail `web`, and the doubles of jexec(8) and jail(8) in the place of `/usr/sbin`, in a
 * mount namespace of the agent's.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { join } from "node:path"
import * as Sandbox from "./Sandbox.js"

const fixtures = join(import.meta.dirname, "../../../jail/test/fixtures")

export interface JailHost {
  readonly sandbox: Sandbox.Sandbox
  readonly helper: string
  /** A command that executes another where the doubles are. */
  readonly pre: ReadonlyArray<string>
  readonly jails: () => ReadonlyArray<string>
}

const make = (sandbox: Sandbox.Sandbox): JailHost => {
  const [bin, state, sbin] = [join(sandbox.tmp, "bin"), join(sandbox.tmp, "state"), join(sandbox.tmp, "sbin")]
  Fs.cpSync(join(fixtures, "bin"), bin, { recursive: true })
  Fs.mkdirSync(join(state, "jails"), { recursive: true })
  Fs.writeFileSync(join(state, "jails/web"), `${sandbox.root}\n1\n`)
  Fs.writeFileSync(join(state, "stop.timeout"), "1")
  Fs.copyFileSync(join(fixtures, "jail/ps"), join(sandbox.root, "bin/ps"))
  Fs.mkdirSync(sbin)
  for (const name of ["jail", "jexec"]) Fs.symlinkSync(join(bin, name), join(sbin, name))
  const script = "mount --bind \"$1\" /usr/sbin && shift && exec \"$@\""
  return {
    sandbox,
    helper: join(bin, "helper"),
    pre: ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", sbin],
    jails: () => Fs.readdirSync(join(state, "jails"))
  }
}

export const scoped = Effect.map(Sandbox.scoped({ withRoot: true }), make)
