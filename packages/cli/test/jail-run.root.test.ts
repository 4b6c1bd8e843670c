/**
 * `agent jail run` in jails, by doubles of jexec(8) and jail(8) that parse as those do and really chroot(2).
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import { call, said, start } from "./support/Call.js"
import * as JailHost from "./support/JailHost.js"

const onHost = (name: string, test: (host: JailHost.JailHost) => Effect.Effect<void, never, Scope.Scope>) =>
  it.scopedLive(name, () => Effect.flatMap(JailHost.scoped, test))

const run = ({ helper, pre, sandbox }: JailHost.JailHost, argv: ReadonlyArray<string>, stdin = "") =>
  Effect.map(
    call(sandbox, ["jail", "run", ...argv], { pre, stdin, env: { COLIBRI_JAIL_HELPER: helper } }),
    ({ exit, signal, stderr, stdout }) => ({ exit, signal, stdout, stderr })
  )

const NONE = ["--priv-mode", "none"]

/** The command lines of the processes that have this directory as their root. */
const commandsIn = (root: string): ReadonlyArray<string> =>
  Fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      if (Fs.readlinkSync(`/proc/${pid}/root`) !== root) return []
      return [Fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1).join(" ")]
    } catch {
      // It has ended.
      return []
    }
  })

const until = (condition: () => boolean) =>
  Effect.iterate(0, { while: () => !condition(), body: () => Effect.as(Effect.sleep("10 millis"), 0) })

describe.each([["--name", "web"], ["--path", "{root}"]])("%s", (option, value) => {
  onHost("streams, arguments and variables pass through", (host) =>
    Effect.gen(function*() {
      const script = "read x; cat /etc/marker; echo $x \"$A\" \"$CONTAINER_ONLY\" \"$@\"; echo err >&2"
      const options = [option, value, "--priv-mode", "helper", "-e", "A=1 = 2\n\u00e9"]
      const ended = yield* run(host, [...options, "--", "/bin/sh", "-c", script, "sh", "--", "-x"], "typed\n")
      expect(ended).toStrictEqual({
        exit: 0,
        signal: null,
        stdout: "CHROOTMARK\ntyped 1 = 2\n\u00e9 c1 -- -x\n",
        stderr: "err\n"
      })
      expect(host.jails()).toStrictEqual(["web"])
    }))

  describe.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s @node", (signal) => {
    onHost("ends all of it, then the agent by the same signal", (host) =>
      Effect.gen(function*() {
        const { root } = host.sandbox
        const script = "busybox setsid sleep 1001 & sleep 1002; true"
        const child = yield* start(
          host.sandbox,
          ["jail", "run", option, value, ...NONE, "--", "/bin/sh", "-c", script],
          { pre: host.pre }
        )
        yield* until(() =>
          ["sleep 1001", "sleep 1002"].every((command) => commandsIn(root).includes(command))
        )
        process.kill(child.pid, signal)
        const ended = said(yield* child.ended)
        expect({ exit: ended.exit, signal: ended.signal }).toStrictEqual({ exit: null, signal })
        expect([commandsIn(root), host.jails()]).toStrictEqual([[], ["web"]])
      }))
  })
})

onHost("--name: the command's own exit code; 128 + N after a signal", (host) =>
  Effect.gen(function*() {
    const codes: Array<number | null> = []
    for (const end of ["exit 0", "exit 7", "kill -9 $$"]) {
      codes.push((yield* run(host, ["--name", "web", ...NONE, "--", "/bin/sh", "-c", end])).exit)
    }
    expect(codes).toStrictEqual([0, 7, 137])
  }))

onHost("--path: success or failure", (host) =>
  Effect.gen(function*() {
    const failed = yield* run(host, ["--path", "{root}", ...NONE, "--", "/bin/sh", "-c", "exit 7"])
    expect(failed).toStrictEqual({
      exit: 1,
      signal: null,
      stdout: "",
      stderr: "jail: /bin/sh -c exit 7: failed\n"
    })
    expect((yield* run(host, ["--path", "{root}", ...NONE, "--", "/bin/true"])).exit).toBe(0)
    expect(host.jails()).toStrictEqual(["web"])
  }))

onHost(
  "a jail that is not there",
  (host) =>
    Effect.map(
      run(host, ["--name", "none", ...NONE, "--", "/bin/true"]),
      (ended) =>
        expect(ended).toStrictEqual({
          exit: 1,
          signal: null,
          stdout: "",
          stderr: "jexec: jail \"none\" not found\n"
        })
    )
)
