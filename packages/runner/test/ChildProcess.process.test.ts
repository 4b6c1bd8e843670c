/**
 * Children for real: streams, exits, signals, and what is left of them.
 */
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as ChildProcess from "@chroot-exec/runner/ChildProcess"
import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const env = { PATH: "/usr/bin:/bin" }

const text = <E>(stream: Stream.Stream<Uint8Array, E>) =>
  Stream.runCollect(stream).pipe(
    Effect.map((chunks) => Buffer.concat(Chunk.toReadonlyArray(chunks)).toString())
  )

const shell = (script: string, more: Partial<ChildProcess.Command> = {}) =>
  ChildProcess.spawn({ program: "/bin/sh", args: ["-c", script], env, ...more })

const run = (command: ChildProcess.Command) =>
  Effect.scoped(
    Effect.flatMap(
      ChildProcess.spawn(command),
      ({ exit, stderr, stdout }) =>
        Effect.all({ stdout: text(stdout), stderr: text(stderr), exit }, { concurrency: "unbounded" })
    )
  )

/** An orphan may stay a zombie until the machine's first process reaps it, which is not ours to do. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "child-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Waits for what another process does, however long that takes. */
const until = (condition: () => boolean) =>
  Effect.iterate(0, { while: () => !condition(), body: () => Effect.as(Effect.sleep("5 millis"), 0) })

/** The first line of a stream, which then may go on. */
const firstLine = <E>(stream: Stream.Stream<Uint8Array, E>) =>
  stream.pipe(Stream.decodeText(), Stream.splitLines, Stream.take(1), Stream.mkString)

const descriptors = (): number => readdirSync("/proc/self/fd").length

describe("what it runs @node", () => {
  it.live("hands over arguments, environment and directory as they are", () =>
    Effect.gen(function*() {
      const args = [
        "-c",
        "pwd; printf '<%s>' \"$@\"; echo; /usr/bin/env",
        "sh",
        "",
        "-x",
        "a b",
        "$HOME",
        "=",
        "é\n"
      ]
      const ended = yield* run({ program: "/bin/sh", args, env: { A: "1\n2", "x y": "" }, cwd: "/usr" })
      expect(ended.exit).toStrictEqual(new ExitStatus.Exited({ code: 0 }))
      const [first, ...lines] = ended.stdout.split("\n")
      expect([first, lines.slice(0, 2).join("\n")]).toStrictEqual(["/usr", "<><-x><a b><$HOME><=><é\n>"])
      expect(ended.stdout).toContain("A=1\n2\n")
      expect(ended.stderr).toBe("")
    }))

  it.live("no variable of ours", () =>
    Effect.map(
      run({ program: "/usr/bin/env", args: [], env: { ONLY: "this" } }),
      ({ stdout }) => expect(stdout).toBe("ONLY=this\n")
    ))

  it.live("is searched on the child's PATH, and knows itself by the name it was given", () =>
    Effect.map(
      run({ program: "sh", args: ["-c", "echo $0"], env: { PATH: "/none::/bin" } }),
      ({ stdout }) => expect(stdout).toBe("sh\n")
    ))

  it.live("leads a session of its own", () =>
    Effect.scoped(Effect.gen(function*() {
      const child = yield* shell("cut -d' ' -f5,6 /proc/$$/stat")
      expect(yield* text(child.stdout)).toBe(`${child.pid} ${child.pid}\n`)
    })))

  it.live("reads nothing unless it is given a stream", () =>
    Effect.gen(function*() {
      expect((yield* run({ program: "cat", args: [], env })).stdout).toBe("")
      const stdin = Stream.make("one ", "two").pipe(Stream.encodeText)
      expect((yield* run({ program: "cat", args: [], env, stdin })).stdout).toBe("one two")
    }))
})

describe("how it ends @node", () => {
  it.live.each([0, 3, 255])("exit code %d", (code) =>
    Effect.map(
      run({ program: "/bin/sh", args: ["-c", `exit ${code}`], env }),
      ({ exit }) => expect(exit).toStrictEqual(new ExitStatus.Exited({ code }))
    ))

  it.live.each([["TERM", 15], ["KILL", 9], ["HUP", 1], ["USR1", 10]] as const)(
    "SIG%s",
    ([name, signal]) =>
      Effect.map(
        run({ program: "/bin/sh", args: ["-c", `kill -${name} $$`], env }),
        ({ exit }) => expect(exit).toStrictEqual(new ExitStatus.Signaled({ signal, coreDumped: false }))
      )
  )

  it.live("without its output being lost, however late it is read", () =>
    Effect.scoped(Effect.gen(function*() {
      const child = yield* shell("head -c 60000 /dev/zero | tr '\\0' x; echo end >&2")
      yield* child.exit
      // Node discards unread output on its way from the exit to the end of the streams.
      yield* Effect.sleep("20 millis")
      expect((yield* text(child.stdout)).length).toBe(60000)
      expect(yield* text(child.stderr)).toBe("end\n")
    })))

  it.live("although a grandchild keeps the pipe open", () =>
    Effect.scoped(Effect.gen(function*() {
      const child = yield* shell("sleep 1000 & echo $!; exit 4")
      const grandchild = Number(yield* firstLine(child.stdout))
      expect(yield* child.exit).toStrictEqual(new ExitStatus.Exited({ code: 4 }))
      expect(isAlive(grandchild)).toBe(true)
      yield* child.terminate("5 seconds")
      expect(isAlive(grandchild)).toBe(false)
    })))

  it.live("although it does not read what it is given", () =>
    Effect.map(
      run({ program: "true", args: [], env, stdin: Stream.repeatValue(new Uint8Array(65536)) }),
      ({ exit }) => expect(exit).toStrictEqual(new ExitStatus.Exited({ code: 0 }))
    ))
})

describe("streams @node", () => {
  // What the machine manages to do in that time does not matter: only too much of it would be a failure.
  const timeToDoWrong = Effect.sleep("150 millis")

  it.live("a reader that stops stops the child, and nothing piles up", () =>
    Effect.scoped(Effect.gen(function*() {
      // Counts on stderr what stdout has taken.
      const child = yield* shell("while head -c 65536 /dev/zero; do echo . >&2; done")
      let written = 0
      yield* Effect.forkScoped(
        Stream.runForEach(child.stderr, (chunk) => Effect.sync(() => (written += chunk.length / 2)))
      )
      yield* timeToDoWrong
      expect(written).toBeLessThan(32)
      // It goes on as far as it is read.
      const read = yield* Stream.runFold(Stream.take(child.stdout, 100), 0, (sum, { length }) => sum + length)
      yield* until(() => written >= Math.floor(read / 65536))
      yield* timeToDoWrong
      expect(written).toBeLessThan(read / 65536 + 32)
    })))

  it.live("a child that reads slowly slows the stream that feeds it", () =>
    Effect.scoped(Effect.gen(function*() {
      let taken = 0
      const stdin = Stream.repeatEffect(Effect.sync(() => {
        taken++
        return new Uint8Array(65536)
      }))
      const child = yield* ChildProcess.spawn({ program: "sleep", args: ["1000"], env, stdin })
      yield* timeToDoWrong
      expect(taken).toBeLessThan(64)
      yield* child.kill("SIGKILL")
    })))
})

describe("what ends it @node", () => {
  it.live("the scope: its whole group, and it is reaped", () =>
    Effect.gen(function*() {
      const pids = yield* Effect.scoped(Effect.gen(function*() {
        const child = yield* shell("sleep 1000 & echo $!; wait")
        return [child.pid, Number(yield* firstLine(child.stdout))]
      }))
      expect(pids.map(isAlive)).toStrictEqual([false, false])
    }))

  it.live("interruption, also of a child that ignores SIGTERM @race", () =>
    Effect.gen(function*() {
      const started = yield* Deferred.make<number>()
      const fiber = yield* Effect.fork(Effect.scoped(Effect.gen(function*() {
        const child = yield* shell("trap '' TERM; echo ready; while :; do sleep 1000; done", {
          grace: "50 millis"
        })
        yield* firstLine(child.stdout)
        yield* Deferred.succeed(started, child.pid)
        return yield* child.exit
      })))
      const pid = yield* Deferred.await(started)
      const exit = yield* Fiber.interrupt(fiber)
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(isAlive(pid)).toBe(false)
    }))

  it.live("terminate: SIGTERM first, with the time that it gives", () =>
    Effect.scoped(Effect.gen(function*() {
      const child = yield* shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done")
      yield* firstLine(child.stdout)
      yield* child.terminate("1 hours")
      expect(yield* child.exit).toStrictEqual(new ExitStatus.Exited({ code: 7 }))
      expect(yield* text(child.stdout)).toBe("bye\n")
      // Nobody is left: nothing is signalled any more.
      yield* child.kill("SIGKILL")
      yield* child.terminate("1 hours")
    })))

  it.scopedLive("terminate: SIGKILL then, also for what the child leaves in its group", () =>
    Effect.gen(function*() {
      const child = yield* shell(
        "trap 'exit 1' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait"
      )
      const stubborn = Number(yield* firstLine(child.stdout))
      // The child itself has ended before the time begins that it is given.
      yield* child.kill("SIGTERM")
      expect(yield* child.exit).toStrictEqual(new ExitStatus.Exited({ code: 1 }))
      expect(isAlive(stubborn)).toBe(true)
      yield* child.terminate("50 millis")
      expect(isAlive(stubborn)).toBe(false)
    }))

  it.live("kill: any signal, to the whole group", () =>
    Effect.scoped(Effect.gen(function*() {
      const child = yield* shell("sleep 1000 & echo $!; wait")
      const grandchild = Number(yield* firstLine(child.stdout))
      yield* child.kill("SIGUSR1")
      expect(yield* child.exit).toStrictEqual(new ExitStatus.Signaled({ signal: 10, coreDumped: false }))
      yield* until(() => !isAlive(grandchild))
    })))
})

describe("what is not started @node", () => {
  const failure = (command: Partial<ChildProcess.Command>) =>
    Effect.scoped(Effect.flip(ChildProcess.spawn({ program: "true", args: ["secret"], env, ...command })))

  const refuses = (
    name: string,
    command: Partial<ChildProcess.Command>,
    says: Readonly<Record<string, unknown>>
  ) =>
    it.live(name, () =>
      Effect.map(failure(command), (error) => {
        expect(error).toMatchObject(says)
        expect(error.message).not.toContain("secret")
      }))

  refuses("no such file", { program: "/no/such" }, { _tag: "CommandNotFound", reason: "NoFile" })
  refuses("nothing on PATH", { program: "no-such" }, { _tag: "CommandNotFound", reason: "NotOnPath" })
  refuses("a directory", { program: "/usr" }, { _tag: "CommandNotExecutable", errno: "EISDIR" })
  refuses("not executable", { program: "/etc/passwd" }, { _tag: "CommandNotExecutable", errno: "EACCES" })
  refuses("no such working directory", { cwd: "/no/such" }, { _tag: "ProcessNotStarted", errno: "ENOENT" })
  refuses("a file to work in", { cwd: "/etc/passwd" }, { _tag: "ProcessNotStarted", errno: "ENOTDIR" })
  refuses("a NUL", { args: ["a\0b"] }, { _tag: "ProcessNotStarted", errno: "EINVAL" })
  refuses("a byte that is not UTF-8", { args: ["\udcff"] }, { _tag: "ProcessNotStarted", errno: "EINVAL" })
  refuses("too long an argument", { args: ["x".repeat(200_000)] }, {
    _tag: "CommandNotExecutable",
    errno: "E2BIG"
  })

  it.scopedLive("a file without an interpreter line, which a shell would run", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const mark = join(path, "ran")
      const elf = Buffer.alloc(128)
      copyFileSync("/proc/self/exe", join(path, "node"))
      elf.write("\x7fELF\x01\x01", "latin1")
      const contents = { plain: `touch ${mark}\n`, empty: "", foreign: elf, short: "\x7fELF\x02\x01\x01" }
      for (const [name, content] of Object.entries(contents)) {
        writeFileSync(join(path, name), content, { mode: 0o755 })
        for (const program of [join(path, name), name]) {
          const error = yield* failure({ program, env: { PATH: path } })
          expect([name, error]).toMatchObject([name, { _tag: "CommandNotExecutable", errno: "ENOEXEC" }])
        }
      }
      expect(readdirSync(path)).not.toContain("ran")
    }))

  it.scopedLive("a script whose interpreter is missing", () =>
    Effect.gen(function*() {
      const program = join(yield* directory, "script")
      writeFileSync(program, "#!/no/such\n", { mode: 0o755 })
      expect(yield* failure({ program })).toMatchObject({ _tag: "CommandNotFound", reason: "NoInterpreter" })
    }))

  it.scopedLive("what cannot be run is passed over on PATH", () =>
    Effect.gen(function*() {
      const path = yield* directory
      for (const name of ["a", "b", "c"]) mkdirSync(join(path, name))
      writeFileSync(join(path, "a/tool"), "exit 1\n", { mode: 0o755 })
      writeFileSync(join(path, "b/tool"), "#!/bin/sh\n", { mode: 0o644 })
      writeFileSync(join(path, "c/tool"), "#!/bin/sh\nexit 9\n")
      chmodSync(join(path, "c/tool"), 0o755)
      const { exit } = yield* run({
        program: "tool",
        args: [],
        env: { PATH: ["a", "b", "c"].map((name) => join(path, name)).join(":") }
      })
      expect(exit).toStrictEqual(new ExitStatus.Exited({ code: 9 }))
    }))
})

it.live("nothing is left behind by 200 children one after another, nor by failures", () =>
  Effect.gen(function*() {
    const once = Effect.all([
      run({ program: "true", args: [], env, stdin: Stream.make(new Uint8Array(1)) }),
      // Unread.
      Effect.scoped(Effect.flatMap(shell("echo out; echo err >&2"), ({ exit }) => exit)),
      Effect.flip(run({ program: "/no/such", args: [], env }))
    ])
    yield* once
    const before = descriptors()
    yield* Effect.repeatN(once, 99)
    expect(descriptors()).toBeLessThanOrEqual(before)
    for (const event of ["exit", "SIGTERM", "SIGINT", "SIGCHLD", "uncaughtException"] as const) {
      expect([event, process.listenerCount(event) < 10]).toStrictEqual([event, true])
    }
  }))
