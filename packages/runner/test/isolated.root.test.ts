/**
 * Programs in namespaces of their own, as root and in a user namespace, against the kernel.
 */
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import { NamespaceFailed } from "@chroot-exec/core/ExecError"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import { planIsolated } from "@chroot-exec/core/Isolated"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { execFile } from "node:child_process"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { firstLine, readAll } from "./support/Roots.js"
import { possessions, real, supervisedBy } from "./support/Supervised.js"

const NOBODY = 65_534

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

/** A shell with this script in namespaces of all kinds, made by whom. */
const isolated = (user: Option.Option<typeof self>, script: string) =>
  supervisedBy(
    planIsolated({
      namespaces: ["cgroup", "ipc", "net", "uts"],
      user,
      hostname: Option.some(CString.make("inside")),
      files: [CString.make("/bin/sh")],
      argv: [CString.make("sh"), CString.make("-c"), CString.make(script)],
      environment: { PATH: "/bin:/usr/bin" },
      openFiles: Option.none()
    }),
    () => [real]
  )

const output = (user: Option.Option<typeof self>, script: string) =>
  Effect.gen(function*() {
    const running = yield* isolated(user, script)
    const text = yield* readAll(running.stdout)
    expect((yield* running.ended).status).toStrictEqual(new ExitStatus.Exited({ code: 0 }))
    return text.trimEnd().split("\n")
  })

const namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "uts"]

/** Of this machine: who has this mark in its arguments. */
const marked = (mark: string) =>
  readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "latin1").includes(mark)
    } catch {
      return false
    }
  })

describe.each([
  ["with privileges", Option.none()],
  ["in a user namespace", Option.some(self)]
])("a program %s", (_, user) => {
  it.scoped("has namespaces of its own, and sees only its own processes", () =>
    Effect.gen(function*() {
      const mine = yield* output(
        user,
        `cd /proc/self/ns; for n in ${namespaces.join(" ")}; do readlink $n; done`
      )
      expect(mine).toHaveLength(namespaces.length)
      const ours = new Set(namespaces.map((name) => readlinkSync(`/proc/self/ns/${name}`)))
      expect(mine.filter((namespace) => ours.has(namespace))).toStrictEqual([])
      // The supervisor, the parent, the shell itself.
      expect(yield* output(user, "echo $$ $PPID; cd /proc; echo [0-9]*; hostname")).toStrictEqual([
        "3 2",
        "1 2 3",
        "inside"
      ])
      expect(hostname()).not.toBe("inside")
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("has no capability and gets none, and is still who it was", () =>
    Effect.gen(function*() {
      const script = "grep -E '^(Cap|NoNewPrivs|Uid|Gid)' /proc/self/status | tr '\\t' ' '"
      const { gid, uid } = self
      const none = "0000000000000000"
      expect(yield* output(user, script)).toStrictEqual([
        `Uid: ${uid} ${uid} ${uid} ${uid}`,
        `Gid: ${gid} ${gid} ${gid} ${gid}`,
        `CapInh: ${none}`,
        `CapPrm: ${none}`,
        `CapEff: ${none}`,
        `CapBnd: ${none}`,
        `CapAmb: ${none}`,
        "NoNewPrivs: 1"
      ])
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("cannot end, stop or leave behind what is in there with it", () =>
    Effect.gen(function*() {
      const before = possessions()
      const mark = `isolated-${process.pid}-${user._tag}`
      yield* Effect.scoped(Effect.gen(function*() {
        // A daemon of a session of its own; and pid 1, which it may not even signal.
        const running = yield* isolated(
          user,
          `setsid sh -c 'exec sleep 1000 ${mark}' & kill -9 1; kill -STOP 1; echo up; kill -9 2; sleep 1000 ${mark}`
        )
        expect(yield* firstLine(running)).toBe("up")
        expect((yield* running.ended).status).toStrictEqual(
          new ExitStatus.Signaled({ signal: 9, coreDumped: false })
        )
        yield* running.gone
        expect(marked(mark)).toStrictEqual([])
      }))
      expect(possessions()).toStrictEqual(before)
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("is ended with all that it has started", () =>
    Effect.gen(function*() {
      const mark = `ended-${process.pid}-${user._tag}`
      const running = yield* isolated(
        user,
        `trap '' TERM; setsid sh -c 'exec sleep 1000 ${mark}' & echo up; while :; do sleep 1000 ${mark}; done`
      )
      expect(yield* firstLine(running)).toBe("up")
      yield* running.end
      expect(marked(mark)).toStrictEqual([])
    }).pipe(Effect.provide(LibcLive.layer)))
})

it.scoped("what the kernel refuses is the error of that operation", () =>
  Effect.gen(function*() {
    // A host name in the namespace of everybody, which a user namespace does not give.
    const plan = planIsolated({
      namespaces: [],
      user: Option.some(self),
      hostname: Option.some(CString.make("inside")),
      files: [CString.make("/bin/true")],
      argv: [CString.make("true")],
      environment: {},
      openFiles: Option.none()
    })
    const error = yield* Effect.flip(supervisedBy(plan, () => [real]))
    expect(error).toMatchObject({
      _tag: "NotStarted",
      why: Option.some(new NamespaceFailed({ what: "host name", errno: Errno.of("EPERM") }))
    })
  }).pipe(Effect.provide(LibcLive.layer)))

it("an ordinary user needs no privilege for any of it", async () => {
  const fixture = join(import.meta.dirname, "fixtures/isolated.mjs")
  const script =
    "echo $$; id -u; grep CapEff /proc/self/status; mount -t tmpfs none /mnt 2>/dev/null || echo refused"
  const { stdout } = await promisify(execFile)(process.execPath, [fixture, script], {
    uid: NOBODY,
    gid: NOBODY
  })
  expect(stdout).toBe(`3\n${NOBODY}\nCapEff:\t0000000000000000\nrefused\n`)
})
