// A root directory out of one static busybox: what a step sees in the smallest of images (`FROM busybox`).
import { execFileSync } from "node:child_process"
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { findProgram } from "./machine-root.mjs"

/** Whether a program needs no other file: then it has no interpreter to load its libraries. */
const isStatic = (program) => {
  try {
    return !/=>|ld-/.test(
      execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    )
  } catch {
    // "not a dynamic executable"
    return true
  }
}

/** The machine's busybox, when it has a static one. */
export const staticBusybox = () => {
  const busybox = findProgram("busybox")
  return busybox !== undefined && isStatic(busybox) ? busybox : undefined
}

/** Makes the root in an empty directory, with all applets in /bin and `env` in /usr/bin, too. */
export const makeBusyboxRoot = (directory, busybox = staticBusybox()) => {
  if (busybox === undefined) throw new Error("there is no static busybox (Debian: busybox-static)")
  for (const path of ["bin", "usr/bin", "etc", "tmp"]) mkdirSync(join(directory, path), { recursive: true })
  copyFileSync(busybox, join(directory, "bin/busybox"))
  const applets = execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n")
  for (const applet of applets) {
    if (applet !== "" && applet !== "busybox") symlinkSync("/bin/busybox", join(directory, "bin", applet))
  }
  symlinkSync("/bin/busybox", join(directory, "usr/bin/env"))
  writeFileSync(join(directory, "etc/passwd"), "root:x:0:0::/:/bin/sh\n")
}
