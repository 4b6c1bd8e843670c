/**
 * The recorder itself: complete, ordered, and failing exactly where it is told to.
 */
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import { Fd, Limit, Mode, Pid, SignalNumber } from "@chroot-exec/sys/Brands"
import type { LibcOperations, SyscallError } from "@chroot-exec/sys/Libc"
import { Libc, syscallError, syscalls } from "@chroot-exec/sys/Libc"
import * as LibcRecorder from "@chroot-exec/sys/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"

const fd = Fd.make(5)
const path = CString.make("/x")
const program = { path, argv: [path], envp: [] }

/** A call of every operation. */
const invoke: {
  readonly [Operation in keyof LibcOperations]: (libc: LibcOperations) => Effect.Effect<unknown, SyscallError>
} = {
  open: (libc) => libc.open(path, "read"),
  openat2: (libc) => libc.openat2(fd, path, "create"),
  mkdirat: (libc) => libc.mkdirat(fd, path),
  unlinkat: (libc) => libc.unlinkat(fd, path),
  getdents: (libc) => libc.getdents(fd),
  read: (libc) => libc.read(fd, 1),
  readInto: (libc) => libc.readInto(fd, new Uint8Array(1)),
  write: (libc) => libc.write(fd, new Uint8Array(1)),
  close: (libc) => libc.close(fd),
  pipe2: (libc) => libc.pipe2(),
  socketpair: (libc) => libc.socketpair(),
  setPipeSize: (libc) => libc.setPipeSize(fd, 4096),
  setCloseOnExec: (libc) => libc.setCloseOnExec(fd, true),
  getStatusFlags: (libc) => libc.getStatusFlags(fd),
  setStatusFlags: (libc) => libc.setStatusFlags(fd, 0),
  closeRange: (libc) => libc.closeRange(fd),
  poll: (libc) => libc.poll(fd),
  watch: (libc) => libc.watch(fd),
  pollWritable: (libc) => libc.pollWritable(fd),
  statx: (libc) => libc.statx(path),
  faccessat: (libc) => libc.faccessat(path),
  chmod: (libc) => libc.chmod(path, Mode.make(0o755)),
  chroot: (libc) => libc.chroot(path),
  chdir: (libc) => libc.chdir(path),
  fchdir: (libc) => libc.fchdir(fd),
  unshareFs: (libc) => libc.unshareFs(),
  setParentDeathSignal: (libc) => libc.setParentDeathSignal(SignalNumber.make(9)),
  getrlimit: (libc) => libc.getrlimit(),
  setrlimit: (libc) => libc.setrlimit({ soft: Limit.make(1n), hard: Limit.make(1n) }),
  signal: (libc) => libc.signal(SignalNumber.make(1), "ignore"),
  sigprocmask: (libc) => libc.sigprocmask(0n),
  sigwait: (libc) => libc.sigwait(0n),
  posixSpawn: (libc) => libc.posixSpawn(program, { descriptors: [fd, fd, fd], defaults: 0n }),
  wait4: (libc) => libc.wait4(Pid.make(1)),
  reap: (libc) => libc.reap(Pid.make(1)),
  kill: (libc) => libc.kill(Pid.make(1), SignalNumber.make(9)),
  getppid: (libc) => libc.getppid(),
  environ: (libc) => libc.environ(),
  pidfdOpen: (libc) => libc.pidfdOpen(Pid.make(1)),
  memfdCreate: (libc) => libc.memfdCreate(),
  lseek: (libc) => libc.lseek(fd, 0),
  unshare: (libc) => libc.unshare(0),
  becomeInit: (libc) => libc.becomeInit(),
  sethostname: (libc) => libc.sethostname(path),
  mount: (libc) => libc.mount(path, path, path, 0, path),
  mountSetattr: (libc) => libc.mountSetattr(path, 0),
  pivotRoot: (libc) => libc.pivotRoot(path, path),
  umount: (libc) => libc.umount(path, true),
  setgroups: (libc) => libc.setgroups([0]),
  setresgid: (libc) => libc.setresgid(0),
  setresuid: (libc) => libc.setresuid(0),
  dropBounding: (libc) => libc.dropBounding(0),
  clearAmbient: (libc) => libc.clearAmbient(),
  clearCapabilities: (libc) => libc.clearCapabilities(),
  setNoNewPrivileges: (libc) => libc.setNoNewPrivileges(),
  setpgid: (libc) => libc.setpgid(),
  checkParent: (libc) => libc.checkParent(99),
  execve: (libc) => libc.execve(program)
}

const isOperation = (name: string): name is keyof LibcOperations => Object.hasOwn(syscalls, name)
const operations = Object.keys(syscalls).filter(isOperation)

describe("every operation", () => {
  for (const operation of operations) {
    it.effect(`${operation} is recorded and fails with the errno that is asked for`, () =>
      Effect.gen(function*() {
        const recorder = LibcRecorder.make({}, { operation, nth: 1, errno: Errno.of("EPERM") })
        const libc = yield* Effect.provide(Libc, recorder.layer)
        const result = yield* Effect.either(invoke[operation](libc))
        expect(result).toEqual(Either.left(syscallError(operation, Errno.of("EPERM"))))
        expect(recorder.calls.map((made) => made.operation)).toEqual([operation])
      }))
  }
})

describe("a fault", () => {
  const three = Effect.flatMap(
    Libc,
    (libc) => Effect.all([libc.getppid(), libc.close(fd), libc.getppid()].map((call) => Effect.either(call)))
  )
  const failing = (fault: LibcRecorder.Fault) =>
    Effect.map(
      Effect.provide(three, LibcRecorder.make({}, fault).layer),
      (results) => results.map((result) => result._tag === "Left")
    )

  it.effect("at the n-th call of all", () =>
    Effect.gen(function*() {
      expect(yield* failing({ nth: 3, errno: Errno.of("EIO") })).toEqual([false, false, true])
    }))

  it.effect("at the n-th call of one operation", () =>
    Effect.gen(function*() {
      expect(yield* failing({ operation: "close", nth: 1, errno: Errno.of("EIO") })).toEqual([
        false,
        true,
        false
      ])
    }))

  it.effect("that is never reached", () =>
    Effect.gen(function*() {
      expect(yield* failing({ nth: 4, errno: Errno.of("EIO") })).toEqual([false, false, false])
    }))
})
