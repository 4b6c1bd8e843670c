/**
 * A gate at which a command waits until the test lets it go on.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** To be mounted; what a shell says to wait; and what lets it go on. It goes with the scope. */
export const make = Effect.acquireRelease(
  Effect.sync(() => {
    const source = Fs.mkdtempSync(join(tmpdir(), "gate-"))
    // Everybody may look into it.
    Fs.chmodSync(source, 0o755)
    return source
  }),
  (source) => Effect.sync(() => Fs.rmSync(source, { recursive: true }))
).pipe(Effect.map((source) => ({
  mount: { source, target: "/gate" },
  wait: "until [ -e /gate/open ]; do sleep 0.1; done",
  open: Effect.sync(() => Fs.writeFileSync(join(source, "open"), ""))
})))
