// The pnpm that package.json names, through npx: Node and npm are all that a machine needs to have.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root, run } from "./run.mjs"

/** As npm and pnpm spell that a registry gives no answer, or none that can be trusted. */
const unreachable = new RegExp(
  [
    "EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTCACHED|ENOTFOUND|ERR_SOCKET_TIMEOUT|ETIMEDOUT",
    "CERT_[A-Z_]+|[A-Z_]+_CERT[A-Z_]*|ERR_PNPM_META_FETCH_FAIL"
  ].join("|")
)

/** Runs pnpm quietly. Throws an error whose message is for the user, after what pnpm said unless that says it all. */
export const pnpm = async (...args) => {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const { ok, output } = await run("npx", ["--yes", "--prefer-offline", packageManager, ...args], {
    quiet: true,
    // CI: pnpm asks no questions. One retry: without a network the newcomer hears of it within seconds.
    env: { ...process.env, CI: "true", npm_config_fetch_retries: "1" }
  })
  if (ok) return packageManager
  const [code] = unreachable.exec(output) ?? []
  if (code !== undefined) {
    throw new Error(
      `The npm registry cannot be reached (${code}): check the network and \`npm config get registry\``
    )
  }
  process.stderr.write(output)
  throw new Error(`pnpm ${args[0]} failed, see above`)
}
