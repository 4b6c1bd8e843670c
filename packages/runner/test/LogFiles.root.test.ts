/**
 * Log files in a root that somebody else writes to.
 */
import * as LogFiles from "@chroot-exec/runner/LogFiles"
import * as LogWriter from "@chroot-exec/runner/LogWriter"
import { Fd } from "@chroot-exec/sys/Brands"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { expect, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const AT = Date.UTC(2026, 10, 24, 20, 15, 24)

/** A root, and a directory beside it that nothing may reach. */
const place = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "logs-"))
    for (const name of ["root", "outside"]) mkdirSync(join(directory, name))
    return { root: join(directory, "root"), outside: join(directory, "outside"), directory }
  }),
  ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

const open = (root: string, more: Partial<LogFiles.LogPlace> = {}) =>
  LogFiles.open({
    root,
    logDir: "/var/log/skyhook",
    package: Option.some("tuning"),
    version: Option.some("1.2.3"),
    path: "steps/apply.sh",
    epochMillis: AT,
    ...more
  })

const openDescriptors = () => readdirSync("/proc/self/fd").length

layer(LibcLive.layer, { excludeTestServices: true })("log files", (it) => {
  it.scoped("are where Skyhook has them, and closed with the scope", () =>
    Effect.gen(function*() {
      const { root } = yield* place
      const before = openDescriptors()
      yield* Effect.scoped(Effect.gen(function*() {
        const { stderr, stdout } = yield* open(root)
        const base = `${root}/var/log/skyhook/tuning/1.2.3/steps/apply.sh-2026-11-24-201524`
        expect([stdout.path, stderr.path]).toEqual([`${base}.log`, `${base}.log.err`])
        yield* LogWriter.make(stdout)(Buffer.from("one"))
        yield* LogWriter.make(stdout)(Buffer.from("two"))
        expect(readFileSync(stdout.path, "utf8")).toBe("onetwo")
        expect(readlinkSync(`/proc/self/fd/${stderr.fd}`)).toBe(stderr.path)
      }))
      expect(openDescriptors()).toBe(before)
    }))

  it.scoped("do not overwrite those of the same second", () =>
    Effect.gen(function*() {
      const { root } = yield* place
      const paths = yield* Effect.forEach(
        [1, 2, 3],
        () => Effect.map(open(root), ({ stdout }) => stdout.path)
      )
      expect(new Set(paths).size).toBe(3)
      expect(paths[2]).toMatch(/-201524-2\.log$/)
    }))

  it.scoped("are there however many are made in one second, and the newest of them stay", () =>
    Effect.gen(function*() {
      const { root } = yield* place
      for (let count = 0; count < 12; count++) {
        const { stderr, stdout } = yield* open(root)
        expect([existsSync(stdout.path), existsSync(stderr.path)]).toEqual([true, true])
      }
      const kept = [7, 8, 9, 10, 11].map((counter) => `apply.sh-2026-11-24-201524-${counter}.log`)
      expect(readdirSync(join(root, "var/log/skyhook/tuning/1.2.3/steps")).sort()).toEqual(
        kept.flatMap((name) => [name, `${name}.err`]).sort()
      )
    }))

  it.scoped("are not removed for files that claim to be of the future", () =>
    Effect.gen(function*() {
      const { root } = yield* place
      const directory = join(root, "var/log/skyhook/tuning/1.2.3/steps")
      mkdirSync(directory, { recursive: true })
      for (let second = 0; second < 6; second++) {
        for (const suffix of [".log", ".log.err"]) {
          writeFileSync(join(directory, `apply.sh-9999-12-31-23595${second}${suffix}`), "")
        }
      }
      const { stderr, stdout } = yield* open(root)
      expect([existsSync(stdout.path), existsSync(stderr.path)]).toEqual([true, true])
      expect(readdirSync(directory)).toHaveLength(10)
    }))

  it.scoped("are the newest five of each kind; nothing else is removed", () =>
    Effect.gen(function*() {
      const { root } = yield* place
      const directory = join(root, "var/log/skyhook/tuning/1.2.3/steps")
      mkdirSync(directory, { recursive: true })
      for (const name of ["apply.sh-x.log", "other.sh-2020-01-01-000000.log"]) {
        writeFileSync(join(directory, name), "")
      }
      mkdirSync(join(directory, "apply.sh-2019-01-01-000000.log"))
      for (let second = 0; second < 8; second++) yield* open(root, { epochMillis: AT + second * 1000 })
      const names = readdirSync(directory)
      expect(names.filter((name) => name.startsWith("apply.sh-2026") && name.endsWith(".log"))).toHaveLength(
        5
      )
      expect(names.filter((name) => name.endsWith(".log.err"))).toHaveLength(5)
      expect(names).toContain("apply.sh-2026-11-24-201531.log")
      expect(names).toEqual(expect.arrayContaining([
        "apply.sh-x.log",
        "other.sh-2020-01-01-000000.log",
        "apply.sh-2019-01-01-000000.log"
      ]))
    }))

  it.scoped("never leave the root by a symbolic link, at any place of the path", () =>
    Effect.gen(function*() {
      const { outside, root } = yield* place
      const parts = ["var", "log", "skyhook", "tuning", "1.2.3", "steps"]
      for (const [index, part] of parts.entries()) {
        for (const target of [outside, `${"../".repeat(20)}${outside.slice(1)}`]) {
          rmSync(root, { recursive: true })
          mkdirSync(join(root, ...parts.slice(0, index)), { recursive: true })
          symlinkSync(target, join(root, ...parts.slice(0, index), part))
          // Inside the root the link leads nowhere.
          const result = yield* Effect.either(Effect.scoped(open(root)))
          expect(result._tag).toBe("Left")
          expect(readdirSync(outside)).toEqual([])
        }
      }
    }))

  it.scoped("follow a link that stays inside", () =>
    Effect.gen(function*() {
      const { root } = yield* place
      mkdirSync(join(root, "data"))
      mkdirSync(join(root, "var"))
      symlinkSync("/data", join(root, "var/log"))
      yield* open(root)
      expect(readdirSync(join(root, "data"))).toEqual(["skyhook"])
    }))

  it.scoped("are not written through a link that has their name", () =>
    Effect.gen(function*() {
      const { outside, root } = yield* place
      const directory = join(root, "var/log/skyhook/tuning/1.2.3/steps")
      mkdirSync(directory, { recursive: true })
      writeFileSync(join(outside, "victim"), "kept")
      symlinkSync(join(outside, "victim"), join(directory, "apply.sh-2026-11-24-201524.log"))
      symlinkSync(join(outside, "victim"), join(directory, "apply.sh-2026-11-24-201524-1.log.err"))
      const { stdout } = yield* open(root)
      expect(stdout.path).toMatch(/-201524-2\.log$/)
      yield* LogWriter.make(stdout)(Buffer.from("x"))
      expect(readFileSync(join(outside, "victim"), "utf8")).toBe("kept")
    }))

  it.scoped("refuse a path that would lead elsewhere, and make nothing", () =>
    Effect.gen(function*() {
      const { root } = yield* place
      const refused: ReadonlyArray<Partial<LogFiles.LogPlace>> = [
        { path: "../x" },
        { path: "a/./b" },
        { path: "a//b" },
        { path: "a/" },
        { path: "" },
        { path: "/x" },
        { path: "a\0b" },
        { package: Option.some("..") },
        { package: Option.some(".") },
        { package: Option.some("a/b") },
        { package: Option.some("\ud800") },
        { version: Option.some("") },
        { version: Option.some("a\0b") },
        { logDir: "/var/../../log" },
        { logDir: "var/log" }
      ]
      for (const more of refused) {
        expect(yield* Effect.flip(open(root, more))).toMatchObject({
          _tag: "LogFailed",
          errno: "EINVAL",
          field: Object.keys(more)[0]
        })
      }
      expect((yield* Effect.flip(open("", {}))).message).toContain("its root must be a path")
      expect(readdirSync(root)).toEqual([])
    }))

  it.scoped("on a full disk fail with an error that says so", () =>
    Effect.gen(function*() {
      const fd = yield* Effect.acquireRelease(
        Effect.sync(() => Fd.make(openSync("/dev/full", "w"))),
        (full) => Effect.sync(() => closeSync(full))
      )
      const error = yield* Effect.flip(LogWriter.make({ fd, path: "/log" })(Buffer.from("x")))
      expect(error.message).toBe(
        "cannot write log file \"/log\": no space left on device; make room on its disk"
      )
    }))
})
