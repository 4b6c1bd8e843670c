/**
 * Children of posix_spawn(3).
 */
import * as CString from "@chroot-exec/core/CString"
import type { Fd } from "@chroot-exec/sys/Brands"
import { Libc, type Program } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"

export const program = (
  path: string,
  argv: ReadonlyArray<string>,
  envp: ReadonlyArray<string> = []
): Program => ({
  path: CString.make(path),
  argv: argv.map(CString.make),
  envp: envp.map(CString.make)
})

/** A file that is open as long as the scope is. */
export const opened = (path: string) =>
  Effect.acquireRelease(
    Effect.flatMap(Libc, (libc) => libc.open(CString.make(path), "readWrite")),
    (fd) => Effect.flatMap(Libc, (libc) => Effect.orDie(libc.close(fd)))
  )

/** All that can be read, in Latin-1. */
const readAll = (fd: Fd) =>
  Effect.gen(function*() {
    const libc = yield* Libc
    let text = ""
    while (true) {
      yield* libc.poll(fd)
      const bytes = yield* libc.read(fd, 65_536)
      if (bytes.length === 0) return text
      text += Buffer.from(bytes).toString("latin1")
    }
  })

/** A program's standard output, read to its end, and how it ended. */
export const run = (
  wanted: Program,
  options: {
    /** Signals that are back at their default action. */
    readonly defaults?: bigint
    /** Its descriptors, of which the first three are these unless given: `/dev/null`, a pipe, `/dev/null`. */
    readonly descriptors?: (standard: ReadonlyArray<Fd>) => ReadonlyArray<Fd>
  } = {}
) =>
  Effect.scoped(Effect.gen(function*() {
    const { defaults = 0n, descriptors = (standard) => standard } = options
    const libc = yield* Libc
    const null_ = yield* opened("/dev/null")
    const pipe = yield* libc.pipe2()
    yield* Effect.addFinalizer(() => Effect.orDie(libc.close(pipe.read)))
    const pid = yield* libc.posixSpawn(wanted, {
      descriptors: descriptors([null_, pipe.write, null_]),
      defaults
    }).pipe(Effect.ensuring(Effect.orDie(libc.close(pipe.write))))
    const output = yield* readAll(pipe.read)
    return { output, status: yield* libc.wait4(pid) }
  }))

/** /bin/sh with this script. */
export const shell = (script: string, envp: ReadonlyArray<string> = [], defaults = 0n) =>
  run(program("/bin/sh", ["sh", "-c", script], envp), { defaults })
