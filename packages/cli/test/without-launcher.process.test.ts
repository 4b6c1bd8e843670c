/**
 * `agent.cjs` without the native launcher in front: what Node has destroyed by then is inferred from the parent, and
 * only where that is safe. These are the documented limits; with the launcher there are none.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { agentWithoutLauncher } from "./support/Agent.js"
import { call, nobody, writeControl } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const STEP = "ulimit -Sn; ulimit -Hn; sed -n '/^Sig[BI]/p' /proc/self/status"

/** What a step sees whose agent is called by this shell script, as `"$@"`. */
const seen = (caller: string) =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    writeControl(sandbox, { cmd: ["/bin/sh", "-c", STEP] })
    const { exit, stderr, stdout } = yield* call(sandbox, ["chroot-exec", "{control}", "local"], {
      agent: agentWithoutLauncher,
      // A process that stays: it is the parent whose state counts.
      pre: ["prlimit", "--nofile=1000:1000", "sh", "-c", `${caller}; exit $?`, "sh"],
      user: nobody
    })
    expect({ exit, stderr }).toStrictEqual({ exit: 0, stderr: "" })
    const [soft, hard, blocked, ignored] = stdout.trimEnd().split("\n")
    return { soft, hard, blocked, ignored }
  })

const usual = {
  soft: "1000",
  hard: "1000",
  blocked: "SigBlk:\t0000000000000000",
  ignored: "SigIgn:\t0000000000000000"
}

const cases: ReadonlyArray<readonly [name: string, caller: string, differs: Partial<typeof usual>]> = [
  ["an ordinary parent", "\"$@\"", {}],
  ["the parent's soft limit is taken over", "ulimit -Sn 256; \"$@\"", { soft: "256" }],
  [
    "a limit of the agent's own is not, since the hard ones differ",
    "ulimit -Sn 256; prlimit --nofile=77:500 \"$@\"",
    { soft: "500", hard: "500" }
  ],
  ["SIGHUP that the parent ignores is ignored", "trap '' HUP; \"$@\"", {
    ignored: "SigIgn:\t0000000000000001"
  }],
  ["other signals that it ignores are not", "trap '' INT QUIT TERM USR1 PIPE; \"$@\"", {}],
  ["SIGHUP that only the agent was to ignore is not", "nohup \"$@\"", {}],
  ["blocked signals are not blocked", "env --block-signal=USR1 \"$@\"", {}]
]

describe("inferred from the parent @node", () => {
  for (const [name, caller, differs] of cases) {
    it.scopedLive(
      name,
      () => Effect.map(seen(caller), (state) => expect(state).toStrictEqual({ ...usual, ...differs }))
    )
  }
})

it.scopedLive("closed descriptors are open on /dev/null @node", () =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    writeControl(sandbox, { cmd: ["/bin/sh", "-c", "cat; readlink /proc/$$/fd/0"] })
    const { exit, stderr, stdout } = yield* call(sandbox, ["chroot-exec", "{control}", "local"], {
      agent: agentWithoutLauncher,
      pre: ["sh", "-c", "exec \"$@\" <&-", "sh"]
    })
    expect({ exit, stderr, stdout }).toStrictEqual({ exit: 0, stderr: "", stdout: "/dev/null\n" })
  }))
