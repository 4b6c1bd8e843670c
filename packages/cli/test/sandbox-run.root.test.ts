/**
 * `agent sandbox run` and `agent sandbox sweep` on a real daemon, as somebody at a shell sees them.
 */
import { beforeAll, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { inject } from "vitest"
import type { DockerdClient } from "../../../docker/dockerd-client.mjs"
import { borrowDockerd } from "../../../docker/dockerd-pool.mjs"
import { said, start } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

let daemon: DockerdClient
beforeAll(async () => {
  daemon = await borrowDockerd(inject("dockerdPool"))
})

/** Nothing is left of it in the daemon. */
const onDaemon = (
  name: string,
  test: (sandbox: Sandbox.Sandbox) => Effect.Effect<void, never, Scope.Scope>
) =>
  it.scopedLive(name, () =>
    Effect.gen(function*() {
      yield* test(yield* Sandbox.scoped({ withRoot: false }))
      expect(yield* Effect.promise(daemon.list)).toStrictEqual({ containers: [], volumes: [] })
    }), 180_000)

/** What the test does not say itself: time enough for a machine that has much to do. */
const argv = (options: ReadonlyArray<string>, command: ReadonlyArray<string>) => [
  "sandbox",
  "run",
  ...options.some((option) => option.startsWith("--image")) ? [] : ["--image=image"],
  "--network=none",
  ...options.some((option) => option.startsWith("--timeout")) ? [] : ["--timeout=5m"],
  ...options,
  "--",
  ...command
]

const sh = (script: string) => ["/bin/sh", "-c", script]

const agent = (sandbox: Sandbox.Sandbox, argv: ReadonlyArray<string>, stdin = "") =>
  start(sandbox, argv, { env: { DOCKER_HOST: daemon.host }, stdin })

const toEnd = (sandbox: Sandbox.Sandbox, argv: ReadonlyArray<string>, stdin?: string) =>
  Effect.scoped(Effect.flatMap(agent(sandbox, argv, stdin), ({ ended }) => Effect.map(ended, said)))

const begin = (sandbox: Sandbox.Sandbox, options: ReadonlyArray<string>, command: ReadonlyArray<string>) =>
  agent(sandbox, argv(options, command))

const run = (
  sandbox: Sandbox.Sandbox,
  options: ReadonlyArray<string>,
  command: ReadonlyArray<string>,
  stdin?: string
) => toEnd(sandbox, argv(options, command), stdin)

const ended = (stdout: string, stderr = "", exit = 0) => ({ exit, signal: null, stdout, stderr })

const write = ({ local }: Sandbox.Sandbox, path: string, text: string): void =>
  Sandbox.writeFile(`${local}/${path}`, text, 0o644)

describe("streams @node", () => {
  onDaemon("and arguments pass through", (sandbox) =>
    Effect.gen(function*() {
      const command = ["/bin/sh", "-c", "printf '%s\\n' \"$@\"; cat; echo err >&2", "sh", "a b", "--", "*"]
      expect(yield* run(sandbox, ["--stdin"], command, "typed\n")).toStrictEqual(
        ended("a b\n--\n*\ntyped\n", "err\n")
      )
      expect(yield* run(sandbox, [], command, "typed\n")).toStrictEqual(
        ended("a b\n--\n*\n", "err\n")
      )
    }))

  onDaemon("come as they are written", (sandbox) =>
    Effect.gen(function*() {
      const script = "echo first; until [ -e /gate/go ]; do sleep 0.1; done; echo second"
      const child = yield* begin(sandbox, ["--mount={local}:/gate"], sh(script))
      expect(yield* child.firstLine).toBe("first\n")
      write(sandbox, "go", "")
      expect(said(yield* child.ended)).toStrictEqual(ended("first\nsecond\n"))
    }))

  onDaemon("are cut at their limit, which is told", (sandbox) =>
    Effect.map(
      run(sandbox, ["--max-output=1k"], sh("head -c 5000 /dev/zero | tr '\\0' x; exit 3")),
      (result) =>
        expect(result).toStrictEqual(
          ended(
            "x".repeat(1024),
            "agent: output after the first 1 KiB was dropped; raise --max-output\n",
            3
          )
        )
    ))
})

describe("the exit code", () => {
  onDaemon("is the command's own, 128 + N after a signal", (sandbox) =>
    Effect.gen(function*() {
      expect(yield* run(sandbox, [], sh("exit 7"))).toStrictEqual(ended("", "", 7))
      expect(yield* run(sandbox, [], sh("kill -9 $$"))).toStrictEqual(ended("", "", 137))
    }))

  onDaemon(
    "is 124 at the time limit",
    (sandbox) =>
      Effect.map(run(sandbox, ["--timeout=5s"], ["/bin/sleep", "1000"]), ({ exit, stderr, stdout }) => {
        expect({ exit, stdout }).toStrictEqual({ exit: 124, stdout: "" })
        // On a slow machine it is over before the command has been started.
        expect(stderr).toMatch(
          /^agent: the time limit of 5s was over (and the command was killed|before the command was started); raise --timeout\n$/
        )
      })
  )

  onDaemon(
    "is 125 where there is no such image",
    (sandbox) =>
      Effect.map(run(sandbox, ["--image=127.0.0.1:1/none"], ["true"]), ({ exit, stderr, stdout }) => {
        expect({ exit, stdout }).toStrictEqual({ exit: 125, stdout: "" })
        expect(stderr).toMatch(/^agent: cannot pull image "127\.0\.0\.1:1\/none": .*\n$/)
      })
  )

  onDaemon(
    "is 126 of a file that nobody may execute, 127 of a missing command, and says no more",
    (sandbox) =>
      Effect.gen(function*() {
        expect(yield* run(sandbox, [], ["/etc/passwd", "secret"])).toStrictEqual(ended(
          "",
          "agent: command \"/etc/passwd\" of image \"image\" cannot be executed: permission denied; check that everybody may execute it\n",
          126
        ))
        expect(yield* run(sandbox, [], ["no-such-tool", "secret"])).toStrictEqual(ended(
          "",
          "agent: command \"no-such-tool\" not found in image \"image\": it is not on PATH there; give its path, or set PATH\n",
          127
        ))
      })
  )
})

describe.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s @node", (signal) => {
  onDaemon("removes everything, and the agent ends by it", (sandbox) =>
    Effect.gen(function*() {
      const options = ["--collect=/tmp/file", "--out={local}/out"]
      const child = yield* begin(sandbox, options, sh("echo up; echo x > /tmp/file; sleep 1000"))
      expect(yield* child.firstLine).toBe("up\n")
      process.kill(child.pid, signal)
      expect(said(yield* child.ended)).toStrictEqual({ exit: null, signal, stdout: "up\n", stderr: "" })
      expect(Fs.readdirSync(sandbox.local)).toStrictEqual([])
    }))
})

describe("files", () => {
  onDaemon(
    "that are collected have their whole paths below --out; the others are told",
    (sandbox) =>
      Effect.gen(function*() {
        const paths = ["/tmp/a", "/out/deep/b", "/tmp/none", "/tmp/dir", "/tmp/link/c", "/tmp/large"]
        const options = [
          "--out={local}/out",
          "--max-artifact=1k",
          ...paths.map((path) => `--collect=${path}`)
        ]
        const script =
          "cd /tmp; echo a > a; echo b > /out/deep/b; mkdir dir; head -c 2000 /dev/zero > large; "
          + "rmdir link; ln -s /etc link; exit 4"
        const result = yield* run(sandbox, options, sh(script))
        expect(result).toStrictEqual(ended(
          "",
          [
            "agent: \"/tmp/none\" was not collected: there is no such file",
            "agent: \"/tmp/dir\" was not collected: it is no regular file",
            "agent: \"/tmp/link/c\" was not collected: a directory of its path is a symbolic link",
            "agent: \"/tmp/large\" was not collected: it is too large; raise --max-artifact",
            ""
          ].join("\n"),
          4
        ))
        const out = `${sandbox.local}/out`
        expect(Fs.readdirSync(out, { encoding: "utf8", recursive: true }).sort()).toStrictEqual(
          ["out", "out/deep", "out/deep/b", "tmp", "tmp/a"]
        )
        expect([Fs.readFileSync(`${out}/tmp/a`, "utf8"), Fs.readFileSync(`${out}/out/deep/b`, "utf8")])
          .toStrictEqual(["a\n", "b\n"])
        expect(Fs.statSync(`${out}/tmp/a`).mode & 0o777).toBe(0o644)
      })
  )

  onDaemon(
    "of --input come without what .dockerignore names, and can be changed",
    (sandbox) =>
      Effect.gen(function*() {
        write(sandbox, "tree/.dockerignore", "*.log\nbuild\n!keep.log\n")
        for (const path of ["main.c", "a.log", "keep.log", "build/x", "src/deep.c"]) {
          write(sandbox, `tree/${path}`, `${path}\n`)
        }
        const options = ["--input={local}/tree", "--input-dir=/work/tree", "--workdir=/work/tree/src"]
        const script = "pwd; cd ..; find . -type f | sort; echo more >> main.c && rm -r src && echo changed"
        expect(yield* run(sandbox, options, sh(script))).toStrictEqual(
          ended("/work/tree/src\n./.dockerignore\n./keep.log\n./main.c\n./src/deep.c\nchanged\n")
        )
        expect(Fs.readFileSync(`${sandbox.local}/tree/main.c`, "utf8")).toBe("main.c\n")
      })
  )

  onDaemon("of --input-tar come from an archive or from standard input", (sandbox) =>
    Effect.gen(function*() {
      write(sandbox, "tree/file", "content\n")
      const archive = `${sandbox.local}/input.tar`
      execFileSync("tar", ["--create", `--file=${archive}`, `--directory=${sandbox.local}/tree`, "."])
      const show = sh("pwd; cat file")
      const expected = ended("/workspace\ncontent\n")
      expect(yield* run(sandbox, [`--input-tar=${archive}`], show)).toStrictEqual(expected)
      const piped = Fs.readFileSync(archive, "utf8")
      expect(yield* run(sandbox, ["--input-tar=-"], show, piped)).toStrictEqual(expected)
      const { exit, stderr, stdout } = yield* run(sandbox, ["--input-tar=-"], show, "no archive".repeat(100))
      expect({ exit, stdout }).toStrictEqual({ exit: 125, stdout: "" })
      expect(stderr).toMatch(/^agent: input archive: is no tar archive, or a damaged one \(.*\)\n$/)
    }))

  onDaemon(
    "of --mount can be read, not changed; a link to the daemon's socket is refused",
    (sandbox) =>
      Effect.gen(function*() {
        write(sandbox, "host", "of the host\n")
        const refused = "touch: /data/new: Read-only file system\n"
        expect(yield* run(sandbox, ["--mount={local}:/data"], sh("cat /data/host; touch /data/new; :")))
          .toStrictEqual(ended("of the host\n", refused))
        Fs.symlinkSync(daemon.socket, `${sandbox.local}/link`)
        expect(yield* run(sandbox, ["--mount={local}/link:/data"], ["true"])).toStrictEqual(ended(
          "",
          `agent: cannot mount "${sandbox.local}/link": it leads to "${daemon.socket}", which is never shown to a container\n`,
          125
        ))
      })
  )
})

onDaemon(
  "variables come from a file and from options, the last one counting; none of the agent's",
  (sandbox) =>
    Effect.gen(function*() {
      write(sandbox, "env", "# no variable\nA=file\nB=x = \"y\"\n\nC=file\n")
      const options = ["--env-file={local}/env", "-e", "C=first", "-e", "C=option", "--env", "D="]
      const script = "echo \"[$A] [$B] [$C] [${D-unset}] [$CONTAINER_ONLY]\""
      expect(yield* run(sandbox, options, sh(script))).toStrictEqual(
        ended("[file] [x = \"y\"] [option] [] []\n")
      )
    })
)

onDaemon("--json is all of the result in one document", (sandbox) =>
  Effect.gen(function*() {
    const options = ["--json", "--collect=/tmp/a", "--collect=/tmp/none", "--max-output=7"]
    const script = "printf 'o\\377\\n'; echo err >&2; echo a > /tmp/a; exit 5"
    const { stdout, ...rest } = yield* run(sandbox, options, sh(script))
    expect(rest).toStrictEqual({
      exit: 5,
      signal: null,
      stderr: "agent: \"/tmp/none\" was not collected: there is no such file\n"
    })
    const { log, usage, ...result } = JSON.parse(stdout) as Readonly<Record<string, unknown>>
    expect(result).toStrictEqual({
      exitCode: 5,
      timedOut: false,
      oomKilled: false,
      truncated: false,
      stdout: "o\udcff\n",
      stderr: "err\n",
      artifacts: [{ path: "/tmp/a", size: 2, base64: Buffer.from("a\n").toString("base64") }],
      missing: [{ path: "/tmp/none", reason: "Missing" }]
    })
    expect(["o\udcff\nerr\n", "err\no\udcff\n"]).toContain(log)
    expect(Object.keys(usage as object)).toStrictEqual(["durationMs", "cpuMs", "peakMemory"])
  }))

describe("a run that was killed", () => {
  /** What it leaves: its container, and the volume of what it collects. */
  const killed = (sandbox: Sandbox.Sandbox) =>
    Effect.gen(function*() {
      const options = ["--collect=/tmp/file", "--out={local}/out"]
      const child = yield* begin(sandbox, options, sh("echo up; sleep 1000"))
      yield* child.firstLine
      process.kill(child.pid, "SIGKILL")
      expect((yield* child.ended).signal).toBe("SIGKILL")
      const left = yield* Effect.promise(daemon.list)
      expect([left.containers.length, left.volumes.length]).toStrictEqual([1, 1])
      return left
    })

  onDaemon("is cleaned up by agent sandbox sweep, not while it runs", (sandbox) =>
    Effect.gen(function*() {
      const sweep = toEnd(sandbox, ["sandbox", "sweep"])
      const living = yield* begin(
        sandbox,
        ["--mount={local}:/gate"],
        sh(
          "echo up; until [ -e /gate/go ]; do sleep 0.1; done"
        )
      )
      yield* living.firstLine
      expect(yield* sweep).toStrictEqual(ended(""))
      write(sandbox, "go", "")
      expect((yield* living.ended).exit).toBe(0)
      const { containers, volumes } = yield* killed(sandbox)
      const lines = [...containers.map((id) => `container ${id}`), ...volumes.map((name) => `volume ${name}`)]
      expect(yield* sweep).toStrictEqual(ended(`${lines.join("\n")}\n`))
    }))

  onDaemon("is cleaned up by the next one", (sandbox) =>
    Effect.gen(function*() {
      yield* killed(sandbox)
      expect(yield* run(sandbox, [], ["true"])).toStrictEqual(ended(""))
    }))
})
