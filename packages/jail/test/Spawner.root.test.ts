/**
 * Spawning into jails, by programs that parse as FreeBSD's do and really chroot(2).
 */
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import type { AgentSpawnConfig } from "@chroot-exec/jail/AgentSpawn"
import type { TeardownFailed } from "@chroot-exec/jail/JailError"
import * as Spawner from "@chroot-exec/jail/Spawner"
import type * as ChildProcess from "@chroot-exec/runner/ChildProcess"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { rmSync, writeFileSync } from "node:fs"
import * as Host from "./support/Host.js"

const text = (stream: Spawner.Agent["stdout"]) => stream.pipe(Stream.decodeText(), Stream.mkString)

const firstLine = (stream: Spawner.Agent["stdout"]) =>
  stream.pipe(Stream.decodeText(), Stream.splitLines, Stream.take(1), Stream.mkString)

const run = (config: AgentSpawnConfig) =>
  Effect.scoped(
    Effect.flatMap(Spawner.spawn(config), ({ exit, stderr, stdout }) =>
      Effect.all({ stdout: text(stdout), stderr: text(stderr), exit }, { concurrency: "unbounded" }))
  )

type Failure = ChildProcess.OutputUnreadable | Spawner.SpawnerError | TeardownFailed

const exited = (code: number) => new ExitStatus.Exited({ code })

const onHost = (name: string, mode: Host.Mode, test: (host: Host.Host) => Effect.Effect<void, Failure>) =>
  it.scopedLive(name, () => Effect.flatMap(Host.scoped, (host) => Host.withHost(host, mode)(test(host))))

const modes = ["mdo", "helper", "none"] as const
const forms = ["persistent", "ephemeral"] as const

const jailOf = (
  form: typeof forms[number],
  { root }: Host.Host,
  more: Readonly<Record<string, unknown>> = {}
) => Host.jail(form === "persistent" ? { name: "web", ...more } : { path: root, ...more })

/** Arguments that a shell, getopt(3) or jail(8) might take for theirs. */
const ARGS = [
  "-c",
  "printf '<%s>' \"$@\"",
  "sh",
  "",
  "-u",
  "--",
  "a=b",
  "command=x",
  "a b",
  "$HOME",
  "*",
  "'",
  "\"",
  "é\n"
]

for (const form of forms) {
  describe(`a jail that is ${form}`, () => {
    for (const mode of modes) {
      onHost(
        `is entered by ${mode}; arguments, environment and streams pass through`,
        mode,
        (host) =>
          Effect.gen(function*() {
            const stdin = Stream.make("typed\n").pipe(Stream.encodeText)
            const ended = yield* run(
              Host.script(jailOf(form, host), "read x; cat /etc/marker; pwd; echo $x $TOKEN; echo err >&2", {
                stdin
              })
            )
            expect(ended).toStrictEqual({ exit: exited(0), stdout: "inside\n/\ntyped t1\n", stderr: "err\n" })
            const { stdout } = yield* run({ ...Host.script(jailOf(form, host), ""), args: ARGS })
            expect(stdout).toBe(ARGS.slice(3).map((argument) => `<${argument}>`).join(""))
            expect(host.jails()).toStrictEqual(["web"])
          })
      )
    }

    onHost(
      "gives no variable but those of the command, and the mark",
      "mdo",
      (host) =>
        Effect.gen(function*() {
          const { stdout } = yield* run({
            ...Host.script(jailOf(form, host), ""),
            binary: "/bin/env",
            args: []
          })
          expect(stdout.replace(/[0-9a-f]{32}/, "ID").trim().split("\n").sort())
            .toStrictEqual(["CHROOT_EXEC_SPAWN=ID", "PATH=/bin", "TOKEN=t1"])
          // What cleans up gets none of them.
          const tools = host.seen().slice(2).filter(({ env }) => "TOKEN" in env || "CHROOT_EXEC_SPAWN" in env)
          expect(tools.length).toBe(0)
        })
    )

    onHost("runs the command as a user of the jail's", "mdo", (host) =>
      Effect.gen(function*() {
        const { stdout } = yield* run(
          Host.script(jailOf(form, host, { user: "agent" }), "id; echo $USER $HOME")
        )
        expect(stdout).toMatch(/^uid=4711\S* gid=4712\S*.*\nagent \/tmp\n$/)
        const unknown = yield* run(Host.script(jailOf(form, host, { user: "nobody-here" }), "echo ran"))
        expect(unknown.exit).toStrictEqual(exited(1))
        expect(unknown.stdout).toBe("")
      }))

    onHost("cannot see what is outside", "mdo", (host) =>
      Effect.gen(function*() {
        const outside = `${host.directory}/state/log`
        const { exit, stdout } = yield* run(Host.script(jailOf(form, host), `cat ${outside} && echo seen`))
        expect([exit, stdout]).toStrictEqual([exited(1), ""])
      }))

    onHost(
      "kill(): a tree of processes, some in groups and sessions of their own, is gone",
      "mdo",
      (host) =>
        Effect.scoped(Effect.gen(function*() {
          const agent = yield* Spawner.spawn(Host.script(
            jailOf(form, host),
            "sleep 1000 & setsid sleep 2000 & setsid sh -c 'sleep 3000 & env -i sleep 3001; true' & "
              + "(setsid sh -c 'trap \"\" TERM; sleep 4000; while :; do sleep 4001; done' &); wait",
            { grace: "300 millis" }
          ))
          yield* Host.until(host, ["sleep 1000", "sleep 2000", "sleep 3000", "sleep 3001", "sleep 4000"])
          yield* agent.kill
          expect(host.processes()).toStrictEqual([])
          expect(host.jails()).toStrictEqual(["web"])
          expect((yield* agent.exit)._tag).toBe("Signaled")
          // Again is nothing.
          yield* agent.kill
        }))
    )

    onHost("interruption does the same", "helper", (host) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(
          run(Host.script(jailOf(form, host), "setsid sleep 2000 & sleep 1000; true"))
        )
        yield* Host.until(host, ["sleep 2000", "sleep 1000"])
        yield* Fiber.interrupt(fiber)
        expect([host.processes(), host.jails()]).toStrictEqual([[], ["web"]])
      }))

    onHost(
      "what a command leaves behind when it ends goes with the scope",
      "none",
      (host) =>
        Effect.gen(function*() {
          yield* Effect.scoped(Effect.gen(function*() {
            const agent = yield* Spawner.spawn(
              Host.script(
                jailOf(form, host),
                "setsid sleep 2000 & while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 0"
              )
            )
            yield* Host.until(host, ["sleep 2000"])
            yield* Effect.sync(() => writeFileSync(`${host.root}/tmp/go`, ""))
            expect(yield* agent.exit).toStrictEqual(exited(0))
            expect(host.processes()).toStrictEqual(["sleep 2000"])
          }))
          expect([host.processes(), host.jails()]).toStrictEqual([[], ["web"]])
        })
    )

    onHost(
      "a signal that the command handles gives it its time",
      "none",
      (host) =>
        Effect.scoped(Effect.gen(function*() {
          const agent = yield* Spawner.spawn(Host.script(
            jailOf(form, host),
            "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
            { grace: "1 hours" }
          ))
          yield* firstLine(agent.stdout)
          yield* agent.kill
          expect(yield* text(agent.stdout)).toBe("bye\n")
          expect(host.processes()).toStrictEqual([])
        }))
    )
  })
}

describe("exit codes", () => {
  onHost("are the command's own by jexec, which becomes it", "mdo", () =>
    Effect.gen(function*() {
      const codes: Array<ExitStatus.ExitStatus> = []
      for (const end of ["exit 0", "exit 3", "exit 255", "kill -9 $$"]) {
        codes.push((yield* run(Host.script(Host.jail({ name: "web" }), end))).exit)
      }
      expect(codes).toStrictEqual([
        exited(0),
        exited(3),
        exited(255),
        new ExitStatus.Signaled({ signal: 9, coreDumped: false })
      ])
    }))

  onHost(
    "are 0 or 1 by jail, which says on stderr what it makes of them",
    "mdo",
    (host) =>
      Effect.gen(function*() {
        const ended: Array<unknown> = []
        for (const end of ["exit 0", "exit 3", "kill -9 $$"]) {
          const { exit, stderr } = yield* run(Host.script(Host.jail({ path: host.root }), end))
          ended.push([exit, stderr])
        }
        expect(ended).toStrictEqual([
          [exited(0), ""],
          [exited(1), "jail: /bin/sh -c exit 3: failed\n"],
          [exited(1), "jail: /bin/sh -c kill -9 $$: exited on signal 9\n"]
        ])
        expect(host.jails()).toStrictEqual(["web"])
      })
  )

  onHost("are 1 when the jail or the command is not there", "mdo", (host) =>
    Effect.gen(function*() {
      const none = yield* run(Host.script(Host.jail({ name: "none" }), "echo ran"))
      expect(none).toStrictEqual({ exit: exited(1), stdout: "", stderr: "jexec: jail \"none\" not found\n" })
      const missing = { ...Host.script(Host.jail({ name: "web" }), ""), binary: "/no/such" }
      expect((yield* run(missing)).stderr).toBe("jexec: execvp: /no/such: No such file or directory\n")
      const nowhere = yield* run(Host.script(Host.jail({ path: `${host.root}/none` }), "echo ran"))
      expect([nowhere.exit, nowhere.stdout]).toStrictEqual([exited(1), ""])
    }))
})

onHost(
  "another spawn in the same persistent jail survives",
  "mdo",
  (host) =>
    Effect.scoped(Effect.gen(function*() {
      const jail = Host.jail({ name: "web" })
      const other = yield* Spawner.spawn(Host.script(jail, "setsid sleep 7000 & sleep 7001; true"))
      const agent = yield* Spawner.spawn(Host.script(jail, "setsid sleep 8000 & sleep 8001; true"))
      yield* Host.until(host, ["sleep 7000", "sleep 7001", "sleep 8000", "sleep 8001"])
      yield* agent.kill
      expect(host.processes().filter((command) => command.startsWith("sleep")).sort())
        .toStrictEqual(["sleep 7000", "sleep 7001"])
      yield* other.kill
      expect(host.processes()).toStrictEqual([])
    }))
)

onHost(
  "without a jail nothing but the command runs, and nothing is read from the configuration",
  "mdo",
  (host) =>
    Effect.gen(function*() {
      const ended = yield* run(Host.script(undefined, "echo $TOKEN; exit 5", { cwd: "/usr" }))
      expect(ended).toStrictEqual({ exit: exited(5), stdout: "t1\n", stderr: "" })
      expect(host.seen()).toStrictEqual([])
    })
)

onHost(
  "a jail without ps cannot be searched, which kill() says; the process group is gone all the same",
  "none",
  (host) =>
    Effect.scoped(Effect.gen(function*() {
      yield* Effect.sync(() => rmSync(`${host.root}/bin/ps`))
      const agent = yield* Spawner.spawn(
        Host.script(Host.jail({ name: "web" }), "sleep 1000 & sleep 1001; true")
      )
      yield* Host.until(host, ["sleep 1000", "sleep 1001"])
      const error = yield* Effect.merge(agent.kill)
      expect(error?.message).toBe(
        "cannot clean up jail \"web\": ps in the jail: exit code 1, \"jexec: execvp: /bin/ps: No such file or "
          + "directory\"; look at it with jls and ps -J"
      )
      expect(host.processes()).toStrictEqual([])
    })).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
)

onHost(
  "every parameter of an ephemeral jail is one that jail(8) takes",
  "mdo",
  (host) =>
    Effect.gen(function*() {
      const jail = Host.jail({
        path: host.root,
        ip4: "192.0.2.1",
        ip6: "inherit",
        hostname: "agent.example",
        devfsRuleset: 4,
        allow: { raw_sockets: true, "mount.nullfs": false },
        user: "agent"
      })
      const { exit, stdout } = yield* run(Host.script(jail, "id -u"))
      expect([exit, stdout]).toStrictEqual([exited(0), "4711\n"])
      const vnet = yield* run(Host.script(Host.jail({ path: host.root, vnet: true }), "echo up"))
      expect(vnet.stdout).toBe("up\n")
    })
)
