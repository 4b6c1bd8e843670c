/**
 * What is made of a supervisor, whatever it does: shell programs stand in for it, which say what they are told to.
 */
import * as Errno from "@chroot-exec/core/Errno"
import { CommandNotFound } from "@chroot-exec/core/ExecError"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import { Libc, type LibcOperations, type SyscallError, syscallError } from "@chroot-exec/sys/Libc"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { NotStarted } from "../src/internal/supervise.js"
import { LauncherFailed, StepNotEnded } from "../src/LauncherError.js"
import { planFor, possessions, supervisedBy } from "./support/Supervised.js"

const octal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")

/** The command that tells one `struct message`: its kind, index, value; and a usage of 1 and 2 microseconds, 3 KiB. */
const tell = (kind: number, value: number, index = -1): string => {
  const message = new DataView(new ArrayBuffer(40))
  message.setInt32(0, kind, true)
  message.setInt32(4, index, true)
  for (const [at, number] of [value, 1, 2, 3].entries()) {
    message.setBigInt64(8 + at * 8, BigInt(number), true)
  }
  return `printf "$secret"'${octal(new Uint8Array(message.buffer))}' >&3`
}

const started = tell(1, 4711)
const ended = tell(3, 7 << 8)
const swept = tell(4, 2)

/** A supervisor that does this. */
const supervisor = (script: string) =>
  supervisedBy(planFor(["/none"]), (secret) => ["/bin/sh", "-c", `secret='${octal(secret)}'; ${script}`])

/** Waits for the end of the socket, which is what ends a supervisor. */
const untilEnd = `exec perl -e 'vec($set, 3, 1) = 1; select($set, undef, undef, undef)'`

const lost = new LauncherFailed({ what: "supervisor", errno: Option.none() })

describe("a supervisor @node", () => {
  it.scoped("tells how it went", () =>
    Effect.gen(function*() {
      const running = yield* supervisor(`${started}; echo out; echo err >&2; ${ended}; ${swept}`)
      expect(running.pid).toBe(4711)
      expect((yield* running.ended).status).toStrictEqual(new ExitStatus.Exited({ code: 7 }))
      expect((yield* running.ended).usage.peakMemory).toBe(3 * 1024)
      expect(yield* running.gone).toBe(2)
      const buffer = new Uint8Array(16)
      expect([yield* running.stdout(buffer), yield* running.stdout(buffer)]).toStrictEqual([4, 0])
      expect([yield* running.stderr(buffer), yield* running.stderr(buffer)]).toStrictEqual([4, 0])
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("is heard although it has exited without reading what it was sent: ECONNRESET", () =>
    Effect.gen(function*() {
      const running = yield* supervisor(`${started}; read line; ${ended}; ${swept}`)
      yield* running.signal("SIGTERM")
      expect(yield* running.write(new TextEncoder().encode("go on\n"))).toBe(true)
      // It has been reaped once `gone` is known, and nothing was taken from the socket before it exited.
      expect(yield* running.gone).toBe(2)
      expect((yield* running.ended).status).toStrictEqual(new ExitStatus.Exited({ code: 7 }))
      // Nobody hears that any more.
      yield* running.signal("SIGTERM")
      yield* running.end
    }).pipe(Effect.provide(LibcLive.layer)))

  const failures: ReadonlyArray<readonly [string, string, LauncherFailed | NotStarted]> = [
    [
      "has failed itself",
      tell(2, 12),
      new NotStarted({ why: Option.none(), errno: Errno.of("ENOMEM") })
    ],
    // Of setpgid, prctl, getppid, two of rt_sigaction, rt_sigprocmask, chdir, execve.
    [
      "starts nothing",
      tell(2, 2, 7),
      new NotStarted({
        why: Option.some(new CommandNotFound({ command: "/none", reason: "NoInterpreter" })),
        errno: Errno.of("ENOENT")
      })
    ],
    ["says nothing", "exit 1", lost],
    ["is of another version", `${tell(9, 0)}; ${untilEnd}`, lost],
    ["does not know the secret", `secret='${"\\0".repeat(16)}'; ${started}; ${untilEnd}`, lost]
  ]

  it.scoped.each(failures)("that %s is an error", ([, script, error]) =>
    Effect.gen(function*() {
      expect(yield* Effect.flip(supervisor(script))).toStrictEqual(error)
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("that dies leaves the end unknown, but nobody waiting", () =>
    Effect.gen(function*() {
      const running = yield* supervisor(`${started}; kill -KILL $$`)
      expect(yield* Effect.flip(running.ended)).toStrictEqual(lost)
      expect(yield* running.gone).toBe(0)
    }).pipe(Effect.provide(LibcLive.layer)))

  it.scoped("is heard no more after a message of another version, and its end is waited for", () =>
    Effect.gen(function*() {
      const running = yield* supervisor(`${started}; ${tell(9, 0)}; ${untilEnd}`)
      expect(yield* Effect.flip(running.ended)).toStrictEqual(lost)
      expect(yield* running.gone).toBe(0)
    }).pipe(Effect.provide(LibcLive.layer)))
})

it.scoped("that does not come to an end is given up and killed half a minute after it was told to", () =>
  Effect.gen(function*() {
    const running = yield* supervisor(`${started}; exec sleep 1000`)
    const ending = yield* Effect.fork(Effect.flip(running.end))
    yield* TestClock.adjust("29 seconds")
    expect(ending.unsafePoll()).toBe(null)
    yield* TestClock.adjust("1 second")
    const error = new StepNotEnded({ pid: 4711 })
    expect(yield* Fiber.join(ending)).toStrictEqual(error)
    expect(yield* Effect.flip(running.gone)).toStrictEqual(error)
    expect(yield* Effect.flip(running.ended)).toStrictEqual(lost)
  }).pipe(Effect.provide(LibcLive.layer)))

it.scoped("is heard to its end, also when a message comes between two looks of one recv(2)", () => {
  let sockets: ReadonlyArray<number> = []
  // The first look for a message finds none; what the supervisor says comes before the look for the other end.
  const make = (libc: LibcOperations): LibcOperations => ({
    ...libc,
    socketpair: () => Effect.tap(libc.socketpair(), (pair) => Effect.sync(() => (sockets = pair))),
    readInto: (fd, buffer) =>
      Effect.suspend(() => {
        if (!sockets.includes(fd)) return libc.readInto(fd, buffer)
        sockets = []
        return Effect.succeed(0)
      })
  })
  return Effect.gen(function*() {
    const running = yield* supervisor(`${started}; ${ended}; ${swept}`)
    expect(running.pid).toBe(4711)
    expect((yield* running.ended).status).toStrictEqual(new ExitStatus.Exited({ code: 7 }))
    expect(yield* running.gone).toBe(2)
  }).pipe(Effect.provide(Layer.project(LibcLive.layer, Libc, Libc, make)))
})

const EIO = Errno.of("EIO")
const noDescriptors = Exit.fail(new LauncherFailed({ what: "descriptors", errno: Option.some(EIO) }))
const refused = (operation: "posixSpawn" | "readInto" | "write") => Exit.fail(syscallError(operation, EIO))

/** What comes of it when such a call fails. */
const outcomes = {
  close: [Exit.void],
  pipe2: [noDescriptors],
  posixSpawn: [refused("posixSpawn")],
  // Of the supervisor's words: the first two, or the last one, which tells nothing that is not known without it.
  readInto: [Exit.fail(lost), Exit.void, refused("readInto")],
  setPipeSize: [Exit.void],
  setStatusFlags: [noDescriptors],
  socketpair: [noDescriptors],
  write: [refused("write")]
}

const operations = [
  "close",
  "pipe2",
  "posixSpawn",
  "readInto",
  "setPipeSize",
  "setStatusFlags",
  "socketpair",
  "write"
] as const

/** The C library, one of whose calls fails: the one with this number, if it is made. */
const failingAt = (operation: typeof operations[number], nth: number) => {
  let calls = 0
  const make = (libc: LibcOperations): LibcOperations => {
    const guard = <A>(
      called: typeof operation,
      call: Effect.Effect<A, SyscallError>
    ): Effect.Effect<A, SyscallError> =>
      Effect.suspend(() =>
        called === operation && calls++ === nth ? Effect.fail(syscallError(called, Errno.of("EIO"))) : call
      )
    return {
      ...libc,
      pipe2: () => guard("pipe2", libc.pipe2()),
      socketpair: () => guard("socketpair", libc.socketpair()),
      setStatusFlags: (fd, flags) => guard("setStatusFlags", libc.setStatusFlags(fd, flags)),
      setPipeSize: (fd, size) => guard("setPipeSize", libc.setPipeSize(fd, size)),
      posixSpawn: (program, attributes) => guard("posixSpawn", libc.posixSpawn(program, attributes)),
      readInto: (fd, buffer) => guard("readInto", libc.readInto(fd, buffer)),
      write: (fd, bytes) => guard("write", libc.write(fd, bytes)),
      // It is closed whatever close(2) says.
      close: (fd) => Effect.zipRight(libc.close(fd), guard("close", Effect.void))
    }
  }
  return { wasMade: () => calls > nth, layer: Layer.project(LibcLive.layer, Libc, Libc, make) }
}

it.live.each(operations)(
  "%s that fails, whichever time, leaves no descriptor and no process, and nobody waits",
  (operation) =>
    Effect.gen(function*() {
      const before = possessions()
      for (let nth = 0;; nth++) {
        const { layer, wasMade } = failingAt(operation, nth)
        const step = Effect.gen(function*() {
          const running = yield* supervisor(`${started}; ${ended}; ${swept}`)
          yield* running.write(new Uint8Array(1))
          yield* running.stdout(new Uint8Array(1))
          yield* running.ended
          yield* running.gone
        })
        const exit = yield* Effect.exit(Effect.scoped(Effect.provide(step, layer)))
        expect([nth, possessions()]).toStrictEqual([nth, before])
        if (!wasMade()) return expect([exit, nth > 0]).toStrictEqual([Exit.void, true])
        expect(outcomes[operation]).toContainEqual(exit)
      }
    })
)
