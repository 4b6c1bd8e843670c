/**
 * The variables that Node would obey, as the native launcher hands them to Node: told by the root's `env`, whose parent is
 * the agent. What the step then gets is in the conformance tables.
 */
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { containerEnv } from "./support/Agent.js"
import { call, writeControl, writeScript } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const GIVEN = {
  NODE_: "1",
  NODE_PENDING_DEPRECATION: "0",
  OPENSSL_: "2",
  OPENSSL_MODULES: "/none",
  UV_: "3",
  UV_USE_IO_URING: "0",
  // These only look like them.
  NODE: "4",
  OPENSSL: "5",
  UV: "6",
  node_: "7",
  A_NODE_: "8"
}

it.scopedLive("each prefix is exchanged with its number, and nothing else is changed", () =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    writeScript(sandbox, "{local}/env", "cat /proc/$PPID/environ > {local}/environ")
    writeControl(sandbox, { cmd: ["/bin/true"] })
    const path = `${sandbox.local}:${containerEnv["PATH"]}`
    const { exit, stderr } = yield* call(sandbox, ["chroot-exec", "{control}", "local"], {
      env: { ...GIVEN, PATH: path }
    })
    expect({ exit, stderr }).toStrictEqual({ exit: 0, stderr: "" })
    const variables = Fs.readFileSync(sandbox.fill("{local}/environ"), "latin1").split("\0").slice(0, -1)
    const hidden = {
      "\u0001ODE_": "1",
      "\u0001ODE_PENDING_DEPRECATION": "0",
      "\u0002PENSSL_": "2",
      "\u0002PENSSL_MODULES": "/none",
      "\u0003V_": "3",
      "\u0003V_USE_IO_URING": "0",
      NODE: "4",
      OPENSSL: "5",
      UV: "6",
      node_: "7",
      A_NODE_: "8"
    }
    expect(variables.sort()).toStrictEqual(
      Object.entries({ ...containerEnv, PATH: path, ...hidden }).map(([name, value]) => `${name}=${value}`)
        .sort()
    )
  }))
