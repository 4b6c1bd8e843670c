/**
 * The bindings against the kernel, without privileges: each does what its man page says, and reports its errno.
 */
import * as CString from "@chroot-exec/core/CString"
import * as Environment from "@chroot-exec/core/Environment"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as Signal from "@chroot-exec/core/Signal"
import { Fd, Limit, Mode, SignalNumber } from "@chroot-exec/sys/Brands"
import { Libc, type LibcOperations } from "@chroot-exec/sys/Libc"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { describe, expect, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { program, shell } from "./support/Child.js"

const NOT_OPEN = Fd.make(0x7ffffff0)
const ROOT_UID = 0

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "libc-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** What a call fails with. */
const errnoOf = (call: (libc: LibcOperations) => ReturnType<LibcOperations["close"]>) =>
  Effect.flatMap(
    Libc,
    (libc) => Effect.map(Effect.flip(call(libc)), ({ errno, syscall }) => [syscall, errno])
  )

layer(LibcLive.layer)("files @node", (it) => {
  it.scoped("statx tells the type and all mode bits, through symbolic links", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const path = yield* directory
      writeFileSync(join(path, "f"), "")
      chmodSync(join(path, "f"), 0o4751)
      mkdirSync(join(path, "d"), 0o700)
      symlinkSync("f", join(path, "l"))
      const statx = (name: string) => libc.statx(CString.make(join(path, name)))
      expect(yield* statx("f")).toMatchObject({ type: "file", mode: 0o4751 })
      expect(yield* statx("l")).toMatchObject({ type: "file", mode: 0o4751 })
      expect(yield* statx("d")).toMatchObject({ type: "directory", mode: 0o700 })
      expect(yield* libc.statx(CString.make("/dev/null"))).toMatchObject({ type: "other" })
      expect(yield* Effect.flip(statx("none"))).toMatchObject({ syscall: "statx", errno: "ENOENT" })
      expect(yield* Effect.flip(statx("f/x"))).toMatchObject({ errno: "ENOTDIR" })
    }))

  it.scoped("chmod sets exactly the mode, and faccessat asks for execution", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const path = join(yield* directory, "f")
      writeFileSync(path, "", { mode: 0o600 })
      expect(yield* Effect.flip(libc.faccessat(CString.make(path)))).toMatchObject({
        syscall: "faccessat",
        errno: "EACCES"
      })
      yield* libc.chmod(CString.make(path), Mode.make(0o2711))
      expect(statSync(path).mode & 0o7777).toBe(0o2711)
      yield* libc.faccessat(CString.make(path))
    }))

  it.scoped("a path of bytes that are not UTF-8 is that path", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const path = yield* directory
      writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff])]), "")
      expect(yield* libc.statx(CString.make(`${path}/\udcff`))).toMatchObject({ type: "file" })
      expect(yield* Effect.flip(libc.statx(CString.make(`${path}/\ufffd`)))).toMatchObject({
        errno: "ENOENT"
      })
    }))

  it.scoped("open, read and close; descriptors close on execve", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const path = join(yield* directory, "f")
      writeFileSync(path, "content")
      const fd = yield* libc.open(CString.make(path), "read")
      expect(Buffer.from(yield* libc.read(fd, 3)).toString()).toBe("con")
      expect(Buffer.from(yield* libc.read(fd, 100)).toString()).toBe("tent")
      expect(yield* libc.read(fd, 100)).toHaveLength(0)
      const { output } = yield* shell(`test -e /proc/self/fd/${fd} && echo open || echo closed`, [
        "PATH=/bin:/usr/bin"
      ])
      expect(output).toBe("closed\n")
      yield* libc.close(fd)
      expect(yield* errnoOf(() => libc.close(fd))).toEqual(["close", "EBADF"])
    }))
})

layer(LibcLive.layer)("descriptors @node", (it) => {
  it.effect("errors name their call", () =>
    Effect.gen(function*() {
      expect(yield* errnoOf((libc) => libc.setCloseOnExec(NOT_OPEN, true))).toEqual(["fcntl", "EBADF"])
      expect(yield* errnoOf((libc) => libc.setStatusFlags(NOT_OPEN, 0))).toEqual(["fcntl", "EBADF"])
      expect(yield* errnoOf((libc) => Effect.asVoid(libc.read(NOT_OPEN, 1)))).toEqual(["read", "EBADF"])
      expect(yield* errnoOf((libc) => libc.chdir(CString.make("/none")))).toEqual(["chdir", "ENOENT"])
    }))

  it.effect("status flags are read and set; a non-blocking pipe says EAGAIN", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const pipe = yield* libc.pipe2()
      const O_NONBLOCK = 0o4000
      expect(yield* libc.getStatusFlags(pipe.read)).toBe(0)
      yield* libc.setStatusFlags(pipe.read, O_NONBLOCK)
      expect(yield* libc.getStatusFlags(pipe.read)).toBe(O_NONBLOCK)
      expect(yield* errnoOf(() => Effect.asVoid(libc.read(pipe.read, 1)))).toEqual(["read", "EAGAIN"])
      yield* libc.close(pipe.write)
      yield* libc.poll(pipe.read)
      expect(yield* libc.read(pipe.read, 1)).toHaveLength(0)
      yield* libc.close(pipe.read)
    }))

  it.effect("close_range marks what is open from there upwards", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      // Opened by Node, which sets FD_CLOEXEC: take that off first.
      const fd = Fd.make(openSync("/dev/null", "r"))
      yield* libc.setCloseOnExec(fd, false)
      const seen = shell(`test -e /proc/self/fd/${fd} && echo open || echo closed`, ["PATH=/bin:/usr/bin"])
      expect((yield* seen).output).toBe("open\n")
      yield* libc.closeRange(fd)
      expect((yield* seen).output).toBe("closed\n")
      closeSync(fd)
    }))
})

layer(LibcLive.layer)("processes @node", (it) => {
  it.effect("wait4 tells the exit code or the signal", () =>
    Effect.gen(function*() {
      expect((yield* shell("exit 7")).status).toEqual(new ExitStatus.Exited({ code: 7 }))
      expect((yield* shell("kill -KILL $$")).status).toEqual(
        new ExitStatus.Signaled({ signal: 9, coreDumped: false })
      )
    }))

  it.effect("kill ends a child, which is then reaped once", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const null_ = yield* libc.open(CString.make("/dev/null"), "readWrite")
      const pid = yield* libc.posixSpawn(program("/bin/sleep", ["sleep", "1000"]), {
        descriptors: [null_, null_, null_],
        defaults: 0n
      })
      yield* libc.kill(pid, SignalNumber.make(Signal.toNumber("SIGTERM")))
      expect(yield* libc.wait4(pid)).toEqual(new ExitStatus.Signaled({ signal: 15, coreDumped: false }))
      expect(yield* errnoOf(() => Effect.asVoid(libc.wait4(pid)))).toEqual(["wait4", "ECHILD"])
      yield* libc.close(null_)
    }))

  it.effect("a signal that Node ignores is back at its default in the child when asked for", () =>
    Effect.gen(function*() {
      const ignored = "grep SigIgn /proc/self/status"
      const path = ["PATH=/bin:/usr/bin"]
      const before = yield* shell(ignored, path)
      const after = yield* shell(ignored, path, Signal.set("SIGPIPE", "SIGXFSZ"))
      expect(before.output).toBe("SigIgn:\t0000000001001000\n")
      expect(after.output).toBe("SigIgn:\t0000000000000000\n")
    }))

  it.effect("sigwait takes the signal instead of its action", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const waiting = yield* Effect.fork(libc.sigwait(Signal.set("SIGUSR2")))
      yield* Effect.yieldNow()
      process.kill(process.pid, "SIGUSR2")
      expect(yield* waiting).toBe(12)
      expect(process.listenerCount("SIGUSR2")).toBe(0)
    }))
})

layer(LibcLive.layer)("the process @node", (it) => {
  it.effect("getrlimit and setrlimit", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      const before = yield* libc.getrlimit()
      const soft = Limit.make(before.soft - 1n)
      yield* libc.setrlimit({ soft, hard: before.hard })
      expect(yield* libc.getrlimit()).toEqual({ soft, hard: before.hard })
      yield* libc.setrlimit(before)
      expect(yield* errnoOf(() => libc.setrlimit({ soft: Limit.make(before.hard + 1n), hard: before.hard })))
        .toEqual(["setrlimit", "EINVAL"])
    }))

  it.effect("environ is the environment", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      process.env["LIBC_TEST"] = "a=b\nc"
      expect(Environment.fromBlock(yield* libc.environ())["LIBC_TEST"]).toBe("a=b\nc")
      delete process.env["LIBC_TEST"]
    }))

  it.effect("getppid", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      expect(yield* libc.getppid()).toBe(process.ppid)
    }))

  it.effect("chroot is refused without the capability", () =>
    Effect.gen(function*() {
      // As root it would work, on this process: asking for a root that is not there is harmless then.
      const [path, errno] = process.getuid?.() === ROOT_UID ? ["/none", "ENOENT"] : ["/", "EPERM"]
      expect(yield* errnoOf((libc) => libc.chroot(CString.make(path)))).toEqual(["chroot", errno])
    }))

  it.effect("execve returns only to say why not", () =>
    Effect.gen(function*() {
      const libc = yield* Libc
      expect(yield* Effect.flip(libc.execve(program("/none", ["x"])))).toMatchObject({
        syscall: "execve",
        errno: "ENOENT"
      })
      expect(yield* Effect.flip(libc.execve(program("/etc/passwd", ["x"])))).toMatchObject({
        errno: "EACCES"
      })
    }))
})

describe("brands", () => {
  // A binding would take any of these.
  for (
    const [name, make] of [
      ["a NUL in a path", () => CString.make("/etc\0/x")],
      ["the mode -1", () => Mode.make(-1)],
      ["the pid 0", () => SignalNumber.make(0)],
      ["a descriptor below 0", () => Fd.make(-1)]
    ] as const
  ) {
    layer(LibcLive.layer)((it) => {
      it.effect(`${name} never reaches a binding`, () =>
        Effect.sync(() => {
          expect(make).toThrow(/NUL|Expected/)
        }))
    })
  }
})
