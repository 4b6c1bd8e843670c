/**
 * Runs a program to its end and takes what it writes to standard output.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as Signal from "@chroot-exec/core/Signal"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { pipe } from "effect/Function"
import { SignalNumber } from "../Brands.js"
import type { Fd } from "../Brands.js"
import type { LibcOperations, Program, SyscallError } from "../Libc.js"
import { Libc } from "../Libc.js"
import { Chunks } from "./chunks.js"
import { O_NONBLOCK } from "./constants.js"

/** Signals that Node ignores, and that a program expects at their default action. */
export const NODE_IGNORES = Signal.set("SIGPIPE", "SIGXFSZ")

const SIGKILL = SignalNumber.make(Signal.toNumber("SIGKILL"))

const openPipe = (libc: LibcOperations) =>
  Effect.gen(function*() {
    const { read, write } = yield* libc.pipe2()
    // Each end is closed once: the write end as soon as the child has it, or by this finalizer.
    const open = new Set([read, write])
    const close = (fd: Fd) =>
      Effect.suspend(() => open.delete(fd) ? Effect.ignore(libc.close(fd)) : Effect.void)
    yield* Effect.addFinalizer(() => Effect.zipRight(close(write), close(read)))
    return { read, write, close }
  })

/** A child that does not outlive the scope: killed if it has to be, and always reaped. */
const spawnScoped = (libc: LibcOperations, program: Program, stdio: readonly [Fd, Fd, Fd]) =>
  Effect.acquireRelease(
    pipe(
      libc.posixSpawn(program, { descriptors: stdio, defaults: NODE_IGNORES }),
      // Waiting is not interruptible, so that nobody else waits for a pid that may be another's by then.
      Effect.flatMap((pid) =>
        Effect.map(Effect.forkDaemon(Effect.uninterruptible(libc.wait4(pid))), (ended) => ({ pid, ended }))
      )
    ),
    ({ ended, pid }) =>
      Effect.gen(function*() {
        const exit = yield* Fiber.poll(ended)
        if (exit._tag === "None") yield* Effect.ignore(libc.kill(pid, SIGKILL))
        yield* Fiber.await(ended)
      })
  )

/**
 * Standard output of `program`, read until the program ends. A descendant that keeps the pipe open is not waited
 * for. More than `limit` bytes are EFBIG. Interruption and failure kill the program.
 */
export const capture = (
  program: Program,
  options: { readonly stdin: Fd; readonly stderr: Fd; readonly limit: number }
): Effect.Effect<Uint8Array, SyscallError, Libc> =>
  Effect.scoped(Effect.gen(function*() {
    const libc = yield* Libc
    const output = yield* openPipe(libc)
    yield* libc.setStatusFlags(output.read, O_NONBLOCK)
    const { ended } = yield* spawnScoped(libc, program, [options.stdin, output.write, options.stderr])
    yield* output.close(output.write)

    const chunks = new Chunks(options.limit)
    /** Reads what is there; says whether that was the end. */
    const drain = chunks.readFrom(libc, output.read).pipe(
      Effect.as(true),
      Effect.catchIf((error) => Errno.is(error.errno, "EAGAIN"), () => Effect.succeed(false))
    )
    const readToEnd = Effect.zipRight(libc.poll(output.read), drain).pipe(
      Effect.repeat({ until: (end) => end })
    )
    yield* Effect.raceFirst(Fiber.join(ended), Effect.zipRight(readToEnd, Effect.never))
    yield* drain
    return chunks.concat()
  }))
