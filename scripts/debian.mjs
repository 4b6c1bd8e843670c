// The Debian packages that tests need, installed where that is possible.
import { existsSync } from "node:fs"
import { run } from "./run.mjs"
import { Failed } from "./steps.mjs"

/** What to install for each of the programs that tests run. */
const packages = {
  busybox: "busybox-static",
  chattr: "e2fsprogs",
  capsh: "libcap2-bin",
  dockerd: "docker.io",
  groff: "groff-base",
  man: "man-db",
  openssl: "openssl",
  perl: "perl-base",
  strace: "strace"
}

const isInstalled = async (name) => {
  const { output } = await run("dpkg-query", ["--show", "--showformat=${db:Status-Status}", name], {
    quiet: true
  })
  return output === "installed"
}

export const canInstall = () => process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")

/** Installs what is missing. */
export const installDebianPackages = async () => {
  const missing = []
  for (const name of Object.values(packages)) if (!(await isInstalled(name))) missing.push(name)
  if (missing.length === 0) {
    console.log("All are installed.")
    return
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  for (const args of [["update"], ["install", "--yes", "--no-install-recommends", ...missing]]) {
    const { ok, output } = await run("apt-get", ["--quiet", ...args], { env, quiet: true })
    if (ok) continue
    process.stdout.write(output)
    throw new Failed(`apt-get ${args.join(" ")}`)
  }
  console.log(`Installed: ${missing.join(", ")}`)
}
