/**
 * Those cases of the conformance tables that need no privilege: `local` steps, and calls that are refused.
 */
import { describe, it } from "@effect/vitest"
import { agent } from "./support/Agent.js"
import { isUnprivileged, load, titleOf } from "./support/Case.js"
import { runCase } from "./support/Conformance.js"

describe.each(["chroot-exec.json", "more.json"] as const)("%s", (fixture) => {
  for (const c of load(fixture).filter(isUnprivileged)) {
    it.live(titleOf(c, " @node", ""), () => runCase(c, agent))
  }
})
