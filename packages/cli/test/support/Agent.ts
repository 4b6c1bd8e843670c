/**
 * The built `agent`, and the environment that tests call it in.
 */
import * as Fs from "node:fs"
import { dirname, join } from "node:path"

const repository = join(import.meta.dirname, "../../../..")

/** The command as it is installed: the native launcher, which executes Node. */
export const agent = join(repository, "node_modules/.bin/agent")

/** The bundle that the launcher runs, which is a command as well. */
export const agentWithoutLauncher = join(repository, "packages/cli/bin/agent.cjs")

const finds = (path: string, name: string): boolean =>
  path.split(":").some((directory) => directory.startsWith("/") && Fs.existsSync(join(directory, name)))

/** `path`, with the directory of this Node behind it when there is no `node` on it: `agent` has to find one. */
export const withNode = (path: string): string =>
  finds(path, "node") ? path : `${path}:${dirname(process.execPath)}`

/** What a container gives, and one variable that only it has. */
export const containerEnv: Readonly<Record<string, string>> = {
  PATH: withNode("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
  HOME: "/root",
  LANG: "C.UTF-8",
  CONTAINER_ONLY: "c1"
}
