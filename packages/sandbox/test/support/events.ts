/**
 * What a daemon tells of containers while they run.
 */
import * as Effect from "effect/Effect"
import { request } from "node:http"

/** Returns once the daemon has told of such an event of a container with this label, also when that was before. */
export const happened = (socketPath: string, event: string, label: string): Effect.Effect<void> =>
  Effect.async((resume) => {
    const filters = JSON.stringify({ event: [event], label: [label] })
    const path = `/events?${new URLSearchParams({ since: "0", filters }).toString()}`
    const call = request({ socketPath, path }, (answer) => {
      answer.once("data", () => {
        call.destroy()
        resume(Effect.void)
      })
    })
    call.on("error", (error) => resume(Effect.die(error)))
    call.end()
    return Effect.sync(() => call.destroy())
  })
