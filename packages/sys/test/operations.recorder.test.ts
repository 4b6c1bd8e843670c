/**
 * What each fixed operation means: the calls it makes, the error of each that fails, and what is written down of it.
 */
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import {
  CredentialsFailed,
  type ExecError,
  MountFailed,
  NamespaceFailed,
  RestoreFailed,
  WriteFailed
} from "@chroot-exec/core/ExecError"
import { FixedOperation } from "@chroot-exec/core/ExecPlan"
import { Fd } from "@chroot-exec/sys/Brands"
import { explain, spawn } from "@chroot-exec/sys/Supervised"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { programOf } from "./support/program.js"
import { carryOut, show } from "./support/record.js"

const path = CString.make
const errno = Errno.of("EIO")

const step = FixedOperation.Execve({ files: [path("/step")], argv: [path("step")], environment: {} })

interface Meaning {
  readonly operation: FixedOperation
  /** Each call, as `Libc` gets it. */
  readonly calls: ReadonlyArray<string>
  /** The same, as the supervisor gets it. */
  readonly written: ReadonlyArray<string>
  readonly error: ExecError
}

const dropped = Array.from({ length: 64 }, (_, capability) => capability)

const meanings: ReadonlyArray<Meaning> = [
  {
    operation: FixedOperation.Unshare({
      namespaces: ["user", "mount", "pid", "net", "ipc", "uts", "cgroup"]
    }),
    calls: ["unshare 2114060288"],
    written: ["unshare 2114060288"],
    error: new NamespaceFailed({ what: "user, mount, pid, net, ipc, uts, cgroup", errno })
  },
  {
    operation: FixedOperation.BecomeInit(),
    calls: ["becomeInit"],
    written: ["BECOME_INIT"],
    error: new NamespaceFailed({ what: "pid", errno })
  },
  {
    operation: FixedOperation.Hostname({ name: path("héllo") }),
    calls: ["sethostname \"héllo\""],
    written: ["sethostname \"héllo\" 6"],
    error: new NamespaceFailed({ what: "host name", errno })
  },
  {
    operation: FixedOperation.WriteFile({ path: path("/proc/self/uid_map"), content: "0 0 1" }),
    calls: ["open \"/proc/self/uid_map\" \"write\"", "write 10 0 0 1", "close 10"],
    written: ["openat -100 \"/proc/self/uid_map\" 524289", "write #0 0 0 1 5", "close #0"],
    error: new WriteFailed({ path: "/proc/self/uid_map", errno })
  },
  {
    operation: FixedOperation.Mount({
      source: path("tmpfs"),
      target: path("/tmp"),
      type: path("tmpfs"),
      flags: ["readonly", "nosuid", "nodev", "noexec", "remount", "noatime", "bind", "recursive", "private"],
      data: path("size=1m")
    }),
    calls: ["mount \"tmpfs\" \"/tmp\" \"tmpfs\" 283695 \"size=1m\""],
    written: ["mount \"tmpfs\" \"/tmp\" \"tmpfs\" 283695 \"size=1m\""],
    error: new MountFailed({ operation: "mount", target: "/tmp", errno })
  },
  {
    operation: FixedOperation.MountAttributes({
      target: path("/root"),
      attributes: ["readonly", "nosuid", "nodev", "noexec", "noatime"]
    }),
    calls: ["mountSetattr \"/root\" 31"],
    written: ["mount_setattr -100 \"/root\" 32768 31,0,0,0 32"],
    error: new MountFailed({ operation: "mount_setattr", target: "/root", errno })
  },
  {
    operation: FixedOperation.PivotRoot({ root: path("/root") }),
    calls: ["chdir \"/root\"", "pivotRoot \".\" \".\"", "umount \".\" true", "chdir \"/\""],
    written: ["chdir \"/root\"", "pivot_root \".\" \".\"", "umount2 \".\" 2", "chdir \"/\""],
    error: new MountFailed({ operation: "pivot_root", target: "/root", errno })
  },
  {
    operation: FixedOperation.Umount({ target: path("/mnt"), detach: false }),
    calls: ["umount \"/mnt\" false"],
    written: ["umount2 \"/mnt\" 0"],
    error: new MountFailed({ operation: "umount", target: "/mnt", errno })
  },
  {
    operation: FixedOperation.SetGroups({ groups: [1, 65_534] }),
    calls: ["setgroups [1,65534]"],
    written: ["setgroups 2 1,65534"],
    error: new CredentialsFailed({ what: "groups", errno })
  },
  {
    operation: FixedOperation.SetIds({ uid: 1, gid: 2 }),
    calls: ["setresgid 2", "setresuid 1"],
    written: ["setresgid 2 2 2", "setresuid 1 1 1"],
    error: new CredentialsFailed({ what: "user", errno })
  },
  {
    operation: FixedOperation.DropCapabilities(),
    calls: [
      ...dropped.map((capability) => `dropBounding ${capability}`),
      "clearAmbient",
      "clearCapabilities"
    ],
    written: [
      ...dropped.map((capability) => `prctl 24 ${capability}, but EINVAL`),
      "prctl 47 4",
      "capset 537396514 0,0,0"
    ],
    error: new CredentialsFailed({ what: "capabilities", errno })
  },
  {
    operation: FixedOperation.NoNewPrivileges(),
    calls: ["setNoNewPrivileges"],
    written: ["prctl 38 1"],
    error: new CredentialsFailed({ what: "no new privileges", errno })
  },
  {
    operation: FixedOperation.NewGroup(),
    calls: ["setpgid"],
    written: ["setpgid 0 0"],
    error: new RestoreFailed({ what: "process group", errno })
  },
  {
    operation: FixedOperation.DieWithParent({ parent: "maker" }),
    calls: ["setParentDeathSignal 9", "checkParent \"maker\""],
    written: ["prctl 1 9", "getppid: the maker"],
    error: new RestoreFailed({ what: "death with the parent", errno })
  }
]

const world = { contents: { "/proc/self/uid_map": "" } }

describe.each(meanings)("$operation._tag", ({ calls, error, operation, written }) => {
  it.effect("carried out is these calls", () =>
    Effect.gen(function*() {
      const recording = yield* carryOut({ enter: [operation], become: [step] }, { world })
      expect(recording.calls.slice(0, -1).map(show)).toStrictEqual(calls)
      expect(recording.outcome).toStrictEqual({ became: "the step" })
    }))

  it.effect("is this error whichever fails, and nothing comes after it", () =>
    Effect.gen(function*() {
      for (let nth = 1; nth <= calls.length; nth++) {
        const recording = yield* carryOut({ enter: [operation], become: [step] }, {
          fault: { nth, errno },
          world
        })
        expect(recording.outcome).toStrictEqual({ error })
        expect(recording.calls.map(show)).toStrictEqual(calls.slice(0, nth))
      }
    }))

  it.effect("written down is this", () =>
    Effect.gen(function*() {
      const recorder = LibcRecorder.make()
      const supervision = {
        descriptors: [0, 1, 2, 3, 4].map((fd) => Fd.make(fd)),
        secret: new Uint8Array(16)
      }
      yield* Effect.provide(
        spawn(path("/supervise"), { enter: [operation], become: [step] }, supervision),
        recorder.layer
      )
      const [program = []] = recorder.calls.filter((call) => call.operation === "write").map(programOf)
      // Behind the secret and the first descriptor that is not the step's.
      expect(program.slice(2, program.indexOf("become:"))).toStrictEqual(written)
    }))

  it.effect("is the same error whichever instruction fails", () =>
    Effect.gen(function*() {
      const plan = { enter: [operation], become: [step] }
      for (let index = 0; index < written.length; index++) {
        expect(yield* explain(plan, { index, errno })).toStrictEqual(Option.some(error))
      }
      expect(yield* explain(plan, { index: written.length + 1, errno })).toStrictEqual(Option.none())
    }))
})
