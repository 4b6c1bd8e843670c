/**
 * The conformance tables without the native launcher: all that does not depend on it holds as well. What does not even
 * come near it is for the soak.
 */
import { describe, it } from "@effect/vitest"
import { agentWithoutLauncher } from "./support/Agent.js"
import { isUnprivileged, load, titleOf } from "./support/Case.js"
import { runCase } from "./support/Conformance.js"

describe.each(["chroot-exec.json", "more.json"] as const)("%s", (fixture) => {
  for (const c of load(fixture).filter((c) => !isUnprivileged(c) && c.needsLauncher !== true)) {
    it.live(titleOf(c, " @node", " @soak"), () => runCase(c, agentWithoutLauncher))
  }
})
