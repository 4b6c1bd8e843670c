/**
 * The caller's environment where there is no `Libc`: Node's, without a value that Node has changed.
 */
import { callerEnvironment } from "@chroot-exec/cli/shared/CallerEnvironment"
import { Launcher } from "@chroot-exec/cli/shared/Launcher"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const GIVEN = { A: "caf\ufffd", B: "1\n2\u00e9", "C\ufffd": "", NODE_: "3", "\u0001ODE_X": "4" }

/** On FreeBSD, with these variables and no others. */
const onFreeBsd = Effect.acquireRelease(
  Effect.sync(() => {
    const real = { platform: process.platform, env: process.env }
    Object.defineProperty(process, "platform", { value: "freebsd" })
    process.env = { ...GIVEN }
    return real
  }),
  ({ env, platform }) =>
    Effect.sync(() => {
      Object.defineProperty(process, "platform", { value: platform })
      process.env = env
    })
)

const record = Option.some({ ignored: 0n, blocked: 0n, openFiles: 77n, stdio: { open: [], nonBlocking: [] } })

it.scoped("bytes that Node has lost are no text, and everything else is as it was", () =>
  Effect.gen(function*() {
    yield* onFreeBsd
    expect(yield* callerEnvironment).toStrictEqual({
      A: "caf\udcff",
      B: "1\n2\u00e9",
      "C\udcff": "",
      NODE_: "3",
      "\u0001ODE_X": "4"
    })
  }))

it.scoped("the names that a launcher hid from Node are the caller's", () =>
  Effect.gen(function*() {
    yield* onFreeBsd
    const environment = yield* Effect.provideService(callerEnvironment, Launcher, record)
    expect(environment).toStrictEqual({
      A: "caf\udcff",
      B: "1\n2\u00e9",
      "C\udcff": "",
      "\u0001ODE_": "3",
      NODE_X: "4"
    })
  }))
