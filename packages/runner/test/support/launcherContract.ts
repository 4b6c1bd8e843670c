/**
 * What every launcher does: the same tests for each.
 */
import { Launcher } from "@chroot-exec/runner/Launcher"
import { type LauncherFailed, RequestInvalid } from "@chroot-exec/runner/LauncherError"
import type { UnsupportedPlatform } from "@chroot-exec/sys/Libc"
import { expect, layer } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isRunning } from "./Processes.js"
import { busyboxRoot, firstLine, readAll, request, run, shell } from "./Roots.js"

/** What a launch fails with. */
const failure = (wanted: Parameters<typeof run>[0]) => Effect.flip(run(wanted))

/** What of this process a launcher might change for all of it. */
const processState = (): string => {
  const fields = /^(?:Umask|Uid|Gid|Groups|Sig(?:Blk|Ign|Cgt)|Cap\w+|NoNewPrivs|Seccomp):.*$/gm
  return [
    readlinkSync("/proc/self/root"),
    readlinkSync("/proc/self/cwd"),
    ...readFileSync("/proc/self/status", "latin1").match(fields) ?? [],
    readFileSync("/proc/self/limits", "latin1")
  ].join("\n")
}

export const launcherContract = (
  name: string,
  live: Layer.Layer<Launcher, LauncherFailed | UnsupportedPlatform>
): void =>
  layer(live, { excludeTestServices: true })(name, (it) => {
    const inRoot = <A, E>(
      title: string,
      body: (root: string) => Effect.Effect<A, E, Launcher | Scope.Scope>
    ) => it.scoped(title, () => Effect.flatMap(busyboxRoot, body))

    inRoot("every exit code, and none of our own", (root) =>
      Effect.gen(function*() {
        for (const code of [0, 1, 3, 124, 125, 126, 127, 128, 255]) {
          const { status } = yield* run(shell(root, `exit ${code}`))
          expect(status).toMatchObject({ _tag: "Exited", code })
        }
      }))

    inRoot("the signal that killed it", (root) =>
      Effect.gen(function*() {
        for (const [signal, number] of [["KILL", 9], ["TERM", 15], ["HUP", 1], ["USR1", 10]] as const) {
          const { status } = yield* run(shell(root, `kill -${signal} $$`))
          expect(status).toMatchObject({ _tag: "Signaled", signal: number })
        }
      }))

    inRoot("its usage", (root) =>
      Effect.gen(function*() {
        const { usage } = yield* run(shell(root, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"))
        expect(Duration.toMillis(Duration.sum(usage.user, usage.system))).toBeGreaterThan(1)
        expect(usage.peakMemory).toBeGreaterThan(100_000)
      }))

    inRoot("bytes of both streams, exactly", (root) =>
      Effect.gen(function*() {
        const { stderr, stdout } = yield* run(
          shell(root, "printf 'a\\377\\000b\\r\\n\\303'; printf '\\200e' >&2")
        )
        expect(stdout).toBe("a\xff\0b\r\n\xc3")
        expect(stderr).toBe("\x80e")
      }))

    inRoot("more output than a pipe holds", (root) =>
      Effect.gen(function*() {
        const { stdout } = yield* run(shell(root, "dd if=/bin/busybox bs=65536 count=16 2>/dev/null"))
        expect(stdout).toHaveLength(
          Math.min(16 * 65_536, readFileSync(join(root, "bin/busybox")).length)
        )
      }))

    inRoot("an empty input, unless it is a pipe", (root) =>
      Effect.gen(function*() {
        expect((yield* run(shell(root, "cat; echo end"))).stdout).toBe("end\n")
      }))

    it.scoped("all of a large input, and its end", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const { launch } = yield* Launcher
        const running = yield* launch(shell(root, "md5sum", { stdin: "pipe" }))
        const sum = yield* Effect.fork(readAll(running.stdout))
        expect(yield* running.write(new Uint8Array(3_000_000))).toBe(true)
        yield* running.closeInput
        expect(yield* Fiber.join(sum)).toBe(
          `${createHash("md5").update(new Uint8Array(3_000_000)).digest("hex")}  -\n`
        )
      }))

    it.scoped("text that the kernel cannot take is refused, all of it, and the next step starts", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        // As callers without types may: their texts have not been decoded.
        const text = Schema.decodeSync(Schema.String.pipe(Schema.brand("CString")))
        const asked = shell(root, "exit 3")
        const cmd = [...asked.control.cmd, text("a\0b"), text("\ud800")] as const
        const control = { ...asked.control, cmd, env: { B: "\ud800", "C=D": "hunter2" } }
        const refused = yield* failure({ ...asked, control, environment: { A: "x\0y" } })
        expect(refused).toStrictEqual(
          new RequestInvalid({
            problems: ["cmd[3]", "cmd[4]", "variable \"B\"", "variable \"C=D\"", "variable \"A\""]
          })
        )
        expect((yield* run(asked)).status).toMatchObject({ _tag: "Exited", code: 3 })
      }))

    it.scoped("an input that is not read is no failure", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const { launch } = yield* Launcher
        const running = yield* launch(shell(root, "exit 0", { stdin: "pipe" }))
        yield* running.ended
        yield* running.gone
        expect(yield* running.write(new Uint8Array(3_000_000))).toBe(false)
      }))

    inRoot("the environment of the three, byte for byte", (root) =>
      Effect.gen(function*() {
        const { stdout } = yield* run(request(root, ["env", "-0"], {
          environment: { PATH: "/bin", A: "container", B: "\udcff", "with.dot": "1", C: "x\ny=z" },
          control: { env: { A: "package", D: "\u00e9" } }
        }))
        expect(stdout.split("\0").sort()).toEqual(
          ["", "PATH=/bin", "A=package", "B=\xff", "with.dot=1", "C=x\ny=z", "D=\xc3\xa9"].sort()
        )
      }))

    inRoot("a script as env of the root is asked every time", (root) =>
      Effect.gen(function*() {
        mkdirSync(join(root, "wrapper"))
        const env = join(root, "wrapper/env")
        writeFileSync(env, "#!/bin/sh\nFROM_ROOT=$(cat /value) exec /bin/env \"$@\"\n", { mode: 0o755 })
        const wanted = request(root, ["/bin/sh", "-c", "echo $FROM_ROOT"], {
          environment: { PATH: "/wrapper:/bin" }
        })
        for (const value of ["one", "two"]) {
          writeFileSync(join(root, "value"), value)
          expect((yield* run(wanted)).stdout).toBe(`${value}\n`)
        }
      }))

    inRoot("a new env of the root is noticed", (root) =>
      Effect.gen(function*() {
        const wanted = request(root, ["/bin/sh", "-c", "echo $FROM_ROOT"], {
          environment: { PATH: "/first:/bin" }
        })
        expect((yield* run(wanted)).stdout).toBe("\n")
        mkdirSync(join(root, "first"))
        writeFileSync(join(root, "first/env"), "#!/bin/sh\nFROM_ROOT=new exec /bin/env \"$@\"\n", {
          mode: 0o755
        })
        expect((yield* run(wanted)).stdout).toBe("new\n")
      }))

    inRoot("arguments, exactly, also as a bare name and as a relative path", (root) =>
      Effect.gen(function*() {
        writeFileSync(join(root, "tmp/args"), "#!/bin/sh\nfor a; do printf '<%s>' \"$a\"; done; pwd\n", {
          mode: 0o755
        })
        const args = ["", "-x", "--", "a b", "c\nd", "\udcfe", "$HOME", "e=f"]
        const expected = "<><-x><--><a b><c\nd><\xfe><$HOME><e=f>/tmp\n"
        const control = { copy_dir: "/tmp" }
        expect((yield* run(request(root, ["./args", ...args], { control }))).stdout).toBe(expected)
        expect(
          (yield* run(request(root, ["args", ...args], { control, environment: { PATH: "/tmp:/bin" } })))
            .stdout
        ).toBe(expected)
      }))

    inRoot("only the root: not a file outside", (root) =>
      Effect.gen(function*() {
        const { stdout } = yield* run(
          shell(
            root,
            "cat /etc/shadow 2>&1; cd ../../..; pwd; ls -d /boot /home /proc 2>/dev/null | wc -l"
          )
        )
        expect(stdout).toBe("cat: can't open '/etc/shadow': No such file or directory\n/\n0\n")
      }))

    it.scoped("no descriptor above 2, no terminal, its supervisor's session, signals as they begin", () =>
      Effect.gen(function*() {
        const { stdout } = yield* run(shell(
          "local",
          [
            "ls /proc/self/fd | tr '\\n' ' '",
            "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\n'",
            "cut -d ' ' -f 4 /proc/$PPID/stat | tr -d '\\n'",
            "cut -d ' ' -f 1,4-7 /proc/$$/stat"
          ].join("; echo; ")
        ))
        const [fds, signals, supervisor, ids = ""] = stdout.trimEnd().split("\n")
        // ls itself has one open on the directory.
        expect(fds?.trim()).toBe("0 1 2 3")
        expect(signals).toBe("SigBlk:\t0000000000000000SigIgn:\t0000000000000000")
        const [pid, , ...others] = ids.split(" ")
        // Its parent is between it and the supervisor, which leads the session.
        expect(others).toStrictEqual([pid, supervisor, "0"])
      }))

    inRoot("the limit of open files that was asked for", (root) =>
      Effect.gen(function*() {
        const { stdout } = yield* run(shell(root, "ulimit -n", { openFiles: Option.some(321n) }))
        expect(stdout).toBe("321\n")
      }))

    inRoot("execute bits, unless no_chmod", (root) =>
      Effect.gen(function*() {
        const file = join(root, "tmp/step")
        writeFileSync(file, "#!/bin/sh\necho ran\n", { mode: 0o644 })
        expect(yield* failure(request(root, ["/tmp/step"]))).toMatchObject({
          _tag: "CommandNotExecutable",
          errno: "EACCES"
        })
        expect((yield* run(request(root, ["/tmp/step"], { control: { no_chmod: false } }))).stdout).toBe(
          "ran\n"
        )
      }))

    inRoot("an error of its own for each thing that can be wrong", (root) =>
      Effect.gen(function*() {
        writeFileSync(join(root, "file"), "#!/nowhere\n", { mode: 0o755 })
        writeFileSync(join(root, "text"), "echo shell\n", { mode: 0o755 })
        const cases = [
          [request(`${root}/none`, ["/bin/true"]), { _tag: "ChrootFailed", errno: "ENOENT" }],
          [request(`${root}/file`, ["/bin/true"]), { _tag: "ChrootFailed", errno: "ENOTDIR" }],
          [request(root, ["/none"]), { _tag: "CommandNotFound", reason: "NoFile" }],
          [request(root, ["none"]), { _tag: "CommandNotFound", reason: "NotOnPath" }],
          [request(root, ["/file"]), { _tag: "CommandNotFound", reason: "NoInterpreter" }],
          [request(root, ["/text"]), { _tag: "CommandNotExecutable", errno: "ENOEXEC" }],
          [request(root, ["/tmp"]), { _tag: "CommandNotExecutable", errno: "EISDIR" }],
          [
            request(root, ["/bin/true"], { control: { copy_dir: "/none" } }),
            { _tag: "DirectoryUnusable", errno: "ENOENT" }
          ],
          [
            request(root, ["/bin/true", "x".repeat(200_000)]),
            { _tag: "CommandNotExecutable", errno: "E2BIG" }
          ],
          [
            request(root, ["/bin/true"], { control: { env: { A: "x".repeat(200_000) } } }),
            { _tag: "CommandNotExecutable", errno: "E2BIG" }
          ],
          [
            request(root, ["/bin/true"], { environment: { PATH: "/bin", A: "x".repeat(200_000) } }),
            { _tag: "EnvironmentUnreadable", reason: "SystemCall", errno: Option.some("E2BIG") }
          ]
        ] as const
        for (const [wanted, expected] of cases) {
          expect(yield* failure(wanted)).toMatchObject(expected)
        }
      }))

    inRoot("a root without env", (root) =>
      Effect.gen(function*() {
        mkdirSync(join(root, "own"))
        writeFileSync(join(root, "own/busybox"), readFileSync(join(root, "bin/busybox")), { mode: 0o755 })
        const without = join(root, "own")
        expect(yield* failure(request(without, ["/busybox", "true"], { environment: { PATH: "/" } })))
          .toMatchObject({
            _tag: "EnvironmentUnreadable",
            reason: "NotFound"
          })
      }))

    it.scoped("a signal reaches the whole group", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const { launch } = yield* Launcher
        // A child of a shell has the shell's handlers, and may lose a signal to them, until it says who it is.
        const child = "sh -c 'echo $$; exec sleep 1000'"
        const running = yield* launch(
          shell(root, `trap 'wait; exit 7' TERM; ${child} & while :; do sleep 1; done`)
        )
        const pid = Number(yield* firstLine(running))
        yield* running.signal("SIGTERM")
        expect((yield* running.ended).status).toMatchObject({ code: 7 })
        yield* running.end
        expect(isRunning(pid)).toBe(false)
      }))

    // Two processes in sessions of their own, whose parents have ended; the first says who it is.
    const daemon = "setsid sh -c 'setsid sleep 1000 >&- 2>&- & echo $!'; setsid sleep 1000 >&- 2>&- & "

    it.scoped("what has left group and session is ended, too, and counted", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const { launch } = yield* Launcher
        const running = yield* launch(shell(root, `${daemon} exit 0`))
        const child = Number(yield* firstLine(running))
        yield* running.ended
        expect(isRunning(child)).toBe(true)
        yield* running.end
        expect(isRunning(child)).toBe(false)
        expect(yield* running.gone).toBe(2)
      }))

    it.scoped("leaving leaves it", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const child = yield* Effect.scoped(Effect.gen(function*() {
          const { launch } = yield* Launcher
          const running = yield* launch(shell(root, "setsid sleep 1000 >&- 2>&- & echo $!; exit 0"))
          const pid = Number(yield* firstLine(running))
          yield* running.ended
          yield* running.leave
          expect(yield* running.gone).toBe(0)
          return pid
        }))
        expect(isRunning(child)).toBe(true)
        process.kill(child, "SIGKILL")
      }))

    it.scoped("the end of the scope, and interruption, end everything @race", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const { launch } = yield* Launcher
        const started = yield* Deferred.make<ReadonlyArray<number>>()
        const fiber = yield* Effect.fork(Effect.scoped(Effect.gen(function*() {
          const running = yield* launch(shell(root, `trap '' TERM; ${daemon} while :; do sleep 1; done`))
          yield* Deferred.succeed(started, [running.pid, Number(yield* firstLine(running))])
          return yield* Effect.never
        })))
        const pids = yield* Deferred.await(started)
        expect(pids.map(isRunning)).toEqual([true, true])
        yield* Fiber.interrupt(fiber)
        expect(pids.map(isRunning)).toEqual([false, false])
      }))

    it.scoped("signals after the end are nobody's, not even of those that are left in the group", () =>
      Effect.gen(function*() {
        const root = yield* busyboxRoot
        const { launch } = yield* Launcher
        const running = yield* launch(shell(root, "sh -c 'echo $$; exec sleep 1000 >&- 2>&-' & exit 3"))
        const left = Number(yield* firstLine(running))
        expect((yield* running.ended).status).toMatchObject({ _tag: "Exited", code: 3 })
        yield* Effect.repeatN(running.signal("SIGTERM"), 99)
        // It would count those that it has ended with SIGKILL.
        yield* running.end
        expect([yield* running.gone, isRunning(left)]).toStrictEqual([1, false])
        yield* running.signal("SIGKILL")
      }))

    it.scoped("a hundred at once in different roots; nothing of this process changes", () =>
      Effect.gen(function*() {
        const roots = yield* Effect.replicateEffect(busyboxRoot, 5)
        for (const root of roots) {
          writeFileSync(join(root, "name"), root)
        }
        const before = processState()
        // Also not for as long as a step is being started.
        const seen = new Set<string>()
        const look = Effect.sync(() =>
          seen.add(processState())
        )
        const steps = Array.from(
          { length: 100 },
          (_, code) => ({ root: roots[code % roots.length] ?? "", code })
        )
        const outputs = yield* Effect.forEach(
          steps,
          ({ code, root }) =>
            run(shell(root, `cat /name; exit ${code}`, { openFiles: Option.some(321n) })).pipe(
              Effect.zipLeft(look),
              Effect.map(({ status, stdout }) => ({
                root: stdout,
                code: status._tag === "Exited" ? status.code : status
              }))
            ),
          { concurrency: "unbounded" }
        )
        expect(outputs).toStrictEqual(steps)
        expect([...seen]).toStrictEqual([before])
      }), 120_000)
  })
