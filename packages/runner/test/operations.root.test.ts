/**
 * Plans of mounts and credentials below the supervisor, against the kernel.
 */
import { becomeProgram } from "@chroot-exec/core/ChrootExec"
import * as CString from "@chroot-exec/core/CString"
import { FixedOperation } from "@chroot-exec/core/ExecPlan"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { busyboxRoot, readAll } from "./support/Roots.js"
import { real, supervisedBy } from "./support/Supervised.js"

const path = CString.make

/** What a shell says after these operations, the last of which it does itself. */
const output = (
  enter: ReadonlyArray<FixedOperation>,
  script: string,
  confinement: ReadonlyArray<FixedOperation> = []
) =>
  Effect.gen(function*() {
    const become = becomeProgram({
      files: [path("/bin/sh")],
      argv: [path("sh"), path("-c"), path(script)],
      environment: { PATH: "/bin:/usr/bin" },
      openFiles: Option.none()
    }, confinement)
    const running = yield* supervisedBy({ enter, become }, () => [real])
    const text = yield* readAll(running.stdout)
    expect((yield* running.ended).status).toStrictEqual(new ExitStatus.Exited({ code: 0 }))
    return text.trimEnd().split("\n")
  })

const mount = (
  source: string,
  target: string,
  type: string,
  ...flags: ReadonlyArray<"bind" | "nosuid" | "private" | "recursive">
) =>
  FixedOperation.Mount({
    source: path(source),
    target: path(target),
    type: path(type),
    flags,
    data: path(type === "tmpfs" ? "size=64k" : "")
  })

const uid = process.getuid?.() ?? 0
const gid = process.getgid?.() ?? 0

const write = (file: string, content: string) => FixedOperation.WriteFile({ path: path(file), content })

const makers = [
  ["with privileges", [FixedOperation.Unshare({ namespaces: ["mount"] })]],
  ["in a user namespace", [
    FixedOperation.Unshare({ namespaces: ["user", "mount"] }),
    write("/proc/self/setgroups", "deny"),
    write("/proc/self/uid_map", `${uid} ${uid} 1`),
    write("/proc/self/gid_map", `${gid} ${gid} 1`)
  ]]
] as const

describe.each(makers)("mounts %s", (_, unshare) => {
  it.scoped("are the step's alone: a root that cannot be written to, with a place that can, and nothing of ours", () =>
    Effect.gen(function*() {
      const root = yield* busyboxRoot
      mkdirSync(join(root, "scratch"))
      const enter = [
        ...unshare,
        mount("none", "/", "", "recursive", "private"),
        mount(root, root, "", "bind", "recursive"),
        FixedOperation.MountAttributes({ target: path(root), attributes: ["readonly", "nosuid"] }),
        mount("tmpfs", `${root}/scratch`, "tmpfs", "nosuid"),
        FixedOperation.PivotRoot({ root: path(root) })
      ]
      const script = "touch /new 2>/dev/null || echo refused; echo kept > /scratch/file; cat /scratch/file;"
        + "head -c 100000 /dev/zero > /scratch/large 2>/dev/null || echo full; test -e /work || test -e /home || echo alone;"
        + "cd ..; cd ..; pwd; ls -d /etc/debian_version 2>/dev/null || echo inside"
      expect(yield* output(enter, script)).toStrictEqual([
        "refused",
        "kept",
        "full",
        "alone",
        "/",
        "inside"
      ])
      expect(existsSync(join(root, "scratch/file"))).toBe(false)
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(root)
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("can be taken away again", () =>
    Effect.gen(function*() {
      const root = yield* busyboxRoot
      const place = join(root, "place")
      mkdirSync(place)
      writeFileSync(join(place, "below"), "")
      const enter = [
        ...unshare,
        mount("none", "/", "", "recursive", "private"),
        mount("tmpfs", place, "tmpfs"),
        mount("tmpfs", place, "tmpfs"),
        FixedOperation.Umount({ target: path(place), detach: false }),
        FixedOperation.Umount({ target: path(place), detach: true })
      ]
      expect(yield* output(enter, `ls ${place}`)).toStrictEqual(["below"])
    }).pipe(Effect.provide(LibcLive.layer)))
})

it.scoped("groups, user and capabilities are those that were asked for", () =>
  Effect.gen(function*() {
    const confinement = [
      FixedOperation.SetGroups({ groups: [7, 8] }),
      FixedOperation.SetIds({ uid: 1234, gid: 5678 }),
      FixedOperation.NoNewPrivileges()
    ]
    const script =
      "grep -E '^(Uid|Gid|Groups|CapEff|NoNewPrivs)' /proc/self/status | tr '\\t' ' ' | sed 's/ *$//'"
    expect(yield* output([], script, confinement)).toStrictEqual([
      "Uid: 1234 1234 1234 1234",
      "Gid: 5678 5678 5678 5678",
      "Groups: 7 8",
      "CapEff: 0000000000000000",
      "NoNewPrivs: 1"
    ])
  }).pipe(Effect.provide(LibcLive.layer)))
