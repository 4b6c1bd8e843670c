/**
 * Closing inherited descriptors, on kernels with and without close_range(2).
 */
import * as Errno from "@chroot-exec/core/Errno"
import { RestoreFailed } from "@chroot-exec/core/ExecError"
import { syscallError } from "@chroot-exec/sys/Libc"
import type * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { planFor } from "./support/plans.js"
import { carryOut, show } from "./support/record.js"

const old = (world: LibcRecorder.World, errno = Errno.of("ENOSYS")): LibcRecorder.World => ({
  ...world,
  operations: {
    closeRange: () => Effect.fail(syscallError("closeRange", errno)),
    ...world.operations
  }
})

describe("a system without close_range(2)", () => {
  it.effect.each(
    [
      ["the kernel does not know the call", "ENOSYS"],
      ["the kernel does not know the flag", "EINVAL"],
      ["an old seccomp filter does not know the call", "EPERM"]
    ] as const
  )("each descriptor that the table has room for is marked, when %s", ([, errno]) =>
    Effect.gen(function*() {
      const { calls, outcome } = yield* carryOut(planFor(), {
        world: old(
          { contents: { "/proc/self/status": "Umask:\t0022\nFDSize:\t6\nGroups:\t0\n" } },
          Errno.of(errno)
        )
      })
      expect(outcome).toEqual({ became: "the step" })
      expect(calls.slice(2, 9).map(show)).toEqual([
        "open \"/proc/self/status\" \"read\"",
        "read 10 65536",
        "read 10 65536",
        "close 10",
        "setCloseOnExec 3 true",
        "setCloseOnExec 4 true",
        "setCloseOnExec 5 true"
      ])
      expect(calls[9] && show(calls[9])).toBe("setCloseOnExec 0 false")
    }))

  it.effect("one that is not open is passed over", () =>
    Effect.gen(function*() {
      const { outcome } = yield* carryOut(planFor(), {
        world: old({
          contents: { "/proc/self/status": "FDSize:\t64\n" },
          operations: {
            setCloseOnExec: (fd) =>
              fd > 2 ? Effect.fail(syscallError("setCloseOnExec", Errno.of("EBADF"))) : Effect.void
          }
        })
      })
      expect(outcome).toEqual({ became: "the step" })
    }))

  for (
    const [name, contents] of [["and no /proc", {}], ["and a /proc that does not tell", {
      "/proc/self/status": ""
    }]] as const
  ) {
    it.effect(`${name}: nothing is left open in silence`, () =>
      Effect.gen(function*() {
        const { calls, outcome } = yield* carryOut(planFor(), { world: old({ contents }) })
        const errno = Errno.of(name === "and no /proc" ? "ENOENT" : "ENOSYS")
        expect(outcome).toEqual({ error: new RestoreFailed({ what: "descriptors", errno }) })
        expect(calls.map(({ operation }) => operation)).not.toContain("chroot")
      }))
  }
})
