/**
 * What a command sees and can do inside, told by the kernel.
 */
import { type JobInput, runOnce } from "@chroot-exec/sandbox"
import { beforeAll, describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Dockerd from "./support/Dockerd.js"
import { happened } from "./support/events.js"
import * as Gate from "./support/Gate.js"
import { outputOf } from "./support/record.js"

let daemon: Dockerd.Dockerd
beforeAll(async () => {
  daemon = await Dockerd.borrow()
})

/** A shell script inside; nothing is left afterwards. */
const inside = (script: string, fields: Partial<JobInput> = {}) =>
  Effect.gen(function*() {
    const result = yield* Effect.provide(
      runOnce({
        image: "image",
        command: ["/bin/sh", "-c", script],
        ...fields,
        limits: { network: "none", timeout: Duration.infinity, ...fields.limits }
      }),
      daemon.layer
    )
    expect(yield* daemon.left).toStrictEqual({ containers: [], volumes: [] })
    return { ...outputOf(result), code: Option.getOrNull(result.exitCode), oomKilled: result.oomKilled }
  })

const says = (name: string, script: string, stdout: string, fields?: Partial<JobInput>) =>
  it.live(
    name,
    () =>
      Effect.map(inside(script, fields), (ended) =>
        expect(ended).toMatchObject({ code: 0, stdout, stderr: "" }))
  )

/** A system call by its number, whose failure is said on standard error. */
const calls = (numbers: { readonly x64: number; readonly arm64: number }, argument = "0") =>
  `perl -e 'syscall(${
    process.arch === "arm64" ? numbers.arm64 : numbers.x64
  }, ${argument}, 0, 0, 0, 0) == -1 and die "$!"'`

describe("a command", () => {
  says(
    "has no capability, no way to a privilege, and a filter of system calls",
    "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status",
    [
      "CapInh:\t0000000000000000",
      "CapPrm:\t0000000000000000",
      "CapEff:\t0000000000000000",
      "CapBnd:\t0000000000000000",
      "CapAmb:\t0000000000000000",
      "NoNewPrivs:\t1",
      "Seccomp:\t2",
      ""
    ].join("\n")
  )
  says("is nobody", "id -u; id -g; id -G", "65532\n65532\n65532\n")
  says("sees only the loopback", "ls /sys/class/net", "lo\n")
  // A file of version 1 or of version 2 of cgroups, which counts memory together with swap or swap alone.
  says(
    "has memory, and no swap beside it",
    "cd /sys/fs/cgroup; cat memory.swap.max 2>/dev/null || echo $(($(cat memory/memory.memsw.limit_in_bytes) - "
      + "$(cat memory/memory.limit_in_bytes)))",
    "0\n"
  )
  says("leaves no core", "ulimit -c; ulimit -Hc", "0\n0\n")
  says(
    "runs what it makes in /tmp and /workspace",
    "for d in /tmp /workspace; do cp /bin/busybox $d/echo && $d/echo ran; done",
    "ran\nran\n"
  )
  says("has an environment of the image's and its own", "echo $FROM_IMAGE $OWN", "yes no\n", {
    env: { OWN: "no" }
  })
  says(
    "becomes nobody else by a set-user-ID file of root",
    "stat -c '%a %u' /bin/suid; /bin/suid -e 'print \"$< $>\\n\"'",
    "4755 0\n65532 65532\n"
  )
  says("runs as given, whatever the ENTRYPOINT", "ready", "ready\n")

  it.live.each<readonly [string, string, string]>([
    ["write to the root", "echo x > /x", "can't create /x: Read-only file system"],
    ["write to the image", "echo x > /bin/ready", "can't create /bin/ready: Read-only file system"],
    ["read what only root may", "cat /etc/secret", "Permission denied"],
    ["make a namespace", "unshare -U true", "Operation not permitted"],
    ["mount", "mount -t tmpfs x /tmp", "permission denied"],
    ["use keyctl(2)", calls({ x64: 250, arm64: 219 }), "Operation not permitted"],
    ["use bpf(2)", calls({ x64: 321, arm64: 280 }), "Operation not permitted"],
    ["use mount(2)", calls({ x64: 165, arm64: 40 }), "Operation not permitted"],
    ["use unshare(2)", calls({ x64: 272, arm64: 97 }, "0x10000000"), "Operation not permitted"],
    ["make a device", "mknod /tmp/n c 1 3", "Operation not permitted"],
    ["change kernel settings", "echo 1 > /proc/sys/kernel/hostname", "Read-only file system"],
    [
      "fill its tmpfs beyond the limit",
      "dd if=/dev/zero of=/tmp/f bs=1M count=200 2>&1 | grep -o 'No space left' >&2; false",
      "No space left"
    ]
  ])("cannot %s", ([, script, reason]) =>
    Effect.map(inside(script), (ended) => {
      expect(ended.code).not.toBe(0)
      expect(ended.stderr).toContain(reason)
    }))

  it.live("cannot have more processes than its limit", () =>
    Effect.map(
      inside("i=0; while [ $i -lt 100 ]; do sleep 100000 & i=$((i+1)); done", { limits: { pids: 20 } }),
      ({ code, stderr }) => {
        expect(code).not.toBe(0)
        expect(stderr).toContain("can't fork: Resource temporarily unavailable")
      }
    ))

  it.live("is killed when its memory is used up", () =>
    Effect.map(
      inside("exec tail /dev/zero", { limits: { memory: 32 * 1024 ** 2 } }),
      ({ code }) => expect(code).toBe(137)
    ))

  it.live("may survive that of a child; that it happened is told", () =>
    Effect.scoped(Effect.gen(function*() {
      const gate = yield* Gate.make
      // Nothing says that the daemon hears of it before it hears of an end that is at the same time.
      yield* Effect.forkScoped(Effect.zipRight(happened(daemon.socket, "oom", "test=oom"), gate.open))
      const { code, oomKilled, stdout } = yield* inside(`tail /dev/zero; echo $?; ${gate.wait}`, {
        labels: { test: "oom" },
        mounts: [gate.mount],
        limits: { memory: 32 * 1024 ** 2 }
      })
      expect({ code, oomKilled, stdout }).toStrictEqual({ code: 0, oomKilled: true, stdout: "137\n" })
    })))

  it.live("is not said to have used it up when it has not", () =>
    Effect.map(
      inside("kill -KILL $$"),
      ({ code, oomKilled }) => expect({ code, oomKilled }).toStrictEqual({ code: 137, oomKilled: false })
    ))
})
