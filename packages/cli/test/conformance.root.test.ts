/**
 * The conformance tables, as root: every case in a root of its own.
 */
import { describe, it } from "@effect/vitest"
import { agent } from "./support/Agent.js"
import { isUnprivileged, load, titleOf } from "./support/Case.js"
import { runCase } from "./support/Conformance.js"

describe.each(["chroot-exec.json", "more.json"] as const)("%s", (fixture) => {
  for (const c of load(fixture).filter((c) => !isUnprivileged(c))) {
    it.live(titleOf(c, " @node", ""), () => runCase(c, agent))
  }
})
