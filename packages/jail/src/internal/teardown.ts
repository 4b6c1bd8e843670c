/**
 * Ending a spawn: the process group of the process in front, and the rest of it in the jail.
 */
import type { ChildProcess } from "@chroot-exec/runner/ChildProcess"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TeardownFailed } from "../JailError.js"
import type { Reaper } from "./reaper.js"

const POLL = "100 millis"

/** How often the rest is killed before it counts as immortal: what forks faster than it is found, say. */
const ATTEMPTS = 50

/**
 * SIGTERM to the group and to the rest, time for them to end, SIGKILL, until nothing is found any more.
 *
 * The process in front may run as root when we do not: then kill(2) is refused, and the reaper, which has the
 * privilege, does all of it. It may also not have got as far as the jail yet: so the last look comes after its end.
 */
export const teardown = (
  child: ChildProcess,
  reaper: Reaper,
  grace: Duration.DurationInput,
  jail: string
): Effect.Effect<Effect.Effect<void, TeardownFailed>> =>
  Effect.map(Effect.forkDaemon(child.exit), (observer) => {
    const hasExited = Effect.map(Fiber.poll(observer), Option.isSome)

    /** Whether the group takes signals from us; SIGCONT changes nothing for a process that runs. */
    const isOurs = child.kill("SIGCONT").pipe(Effect.as(true), Effect.orElseSucceed(() => false))

    const politely = Effect.gen(function*() {
      const except = (yield* isOurs) ? child.pid : undefined
      let isAny = yield* reaper.terminate(except)
      while (isAny) {
        yield* Effect.sleep(POLL)
        isAny = yield* reaper.look
      }
    })

    const untilEmpty = Effect.gen(function*() {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const wasOver = yield* hasExited
        if (!(yield* reaper.kill) && wasOver) return
        yield* Effect.sleep(POLL)
      }
      return yield* new TeardownFailed({ jail, reason: "its processes do not end" })
    })

    return Effect.all([
      Effect.ignore(child.terminate(grace)),
      // What it cannot do, the end below cannot do either, and says so.
      politely.pipe(Effect.interruptible, Effect.timeoutOption(grace), Effect.ignore)
    ], { concurrency: 2, discard: true }).pipe(Effect.andThen(untilEmpty))
  })
