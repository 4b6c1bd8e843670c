/**
 * posix_spawn(3) against the kernel: what a child starts with, and that nothing of it stays here.
 */
import { Fd } from "@chroot-exec/sys/Brands"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { opened, program, run } from "./support/Child.js"

/** Descriptors on four files, each of which holds only its number. */
const four = Effect.gen(function*() {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "spawn-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const files = Effect.forEach([0, 1, 2, 3], (number) => {
    const path = join(directory, String(number))
    writeFileSync(path, String(number))
    return opened(path)
  })
  // Leaves numbers below theirs free, more than `run` opens: a copy must not go there.
  const below = Effect.replicateEffect(opened("/dev/null"), 8)
  return yield* Effect.scoped(Effect.zipRight(below, Scope.extend(files, yield* Effect.scope)))
})

/** Which of the three files comes to the place of the first, of the second and of the third. */
const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

const ownDescriptors = () => readdirSync("/proc/self/fd").sort()

layer(LibcLive.layer)("posix_spawn", (it) => {
  it.effect("hands over arguments and environment as bytes, and nothing else", () =>
    Effect.gen(function*() {
      // What is no file has no content: only the two lists are seen.
      const argv = ["cat", "/proc/self/cmdline", "/proc/self/environ", "", "\udcff", "a b\nc", "$HOME"]
      const envp = ["A-B=\udcff", "B=1\n2", "=empty", "B=again", "no equals sign"]
      const { output } = yield* run(program("/bin/cat", argv, envp))
      expect(output.replaceAll("\xff", "\udcff").split("\0")).toStrictEqual([...argv, ...envp, ""])
    }))

  it.effect("says why there is no child", () =>
    Effect.gen(function*() {
      const before = ownDescriptors()
      const error = yield* Effect.flip(run(program("/none", ["x"])))
      expect([error.syscall, error.errno]).toStrictEqual(["posix_spawn", "ENOENT"])
      expect(ownDescriptors()).toStrictEqual(before)
    }))

  it.scoped.each(orders)(
    "takes each descriptor as it was before any was replaced: %d, %d, %d",
    (order) =>
      Effect.gen(function*() {
        const all = yield* four
        const files = all.slice(0, 3)
        // No copy of it is needed, so that numbers stay free for copies of the others.
        const beyond = Fd.make(Math.max(...all))
        const before = ownDescriptors()
        // The child's descriptors reach up to where the three files stand here.
        const places = ([, output = beyond]: ReadonlyArray<Fd>) =>
          Array.from({ length: Math.max(...files) + 1 }, (_, target) => {
            const place = files.findIndex((fd) => fd === target)
            return files[order[place] ?? -1] ?? (target === 1 ? output : beyond)
          })
        const { output } = yield* run(
          program("/bin/cat", ["cat", ...files.map((fd) => `/proc/self/fd/${fd}`)]),
          { descriptors: places }
        )
        expect(output).toBe(order.join(""))
        expect(ownDescriptors()).toStrictEqual(before)
      })
  )
})
