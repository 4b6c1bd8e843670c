/**
 * Watching a descriptor that is read often: one handle of the event loop for all the times that it is waited for.
 */
import * as Effect from "effect/Effect"
import type { Fd } from "../Brands.js"
import type { Watch } from "../Libc.js"
import type { Native } from "./koffi.js"

const EVENTS = { readable: true } as const

/** The handle is made at the first wait, and stays active while whoever waits keeps up with what arrives. */
export const makeWatch = (koffi: Native, fd: Fd): Watch => {
  let handle: ReturnType<Native["node"]["poll"]> | undefined
  let active = false
  let waiting: (() => void) | undefined

  const onEvent = (status: number) => {
    if (status < 0) active = false
    const wake = waiting
    waiting = undefined
    if (wake === undefined) {
      // Nobody takes it now; the event would only come again and again.
      handle?.stop()
      active = false
      return
    }
    // koffi calls back outside of Node's own callbacks, after which promises would wait for another event.
    setImmediate(wake)
  }

  return {
    readable: Effect.async<void>((resume) => {
      waiting = () => resume(Effect.void)
      if (!active) {
        active = true
        if (handle === undefined) handle = koffi.node.poll(fd, EVENTS, onEvent)
        else handle.start(EVENTS, onEvent)
      }
      return Effect.sync(() => {
        waiting = undefined
      })
    }),
    close: Effect.sync(() => {
      handle?.close()
      handle = undefined
    })
  }
}
