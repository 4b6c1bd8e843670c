/**
 * `agent sandbox run` without a daemon: what it would ask for, and what it refuses before it looks for one.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { agent as agentFile, agentWithoutLauncher } from "./support/Agent.js"
import { nobody, said, start } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const NO_DAEMON = { DOCKER_HOST: "unix://{tmp}/none" }

/** A value that is printed nowhere. */
const SECRET = "hunter2"

const agent = (
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = NO_DAEMON,
  files: Readonly<Record<string, string>> = {},
  program = agentFile
) =>
  Effect.scoped(Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    for (const [path, text] of Object.entries(files)) Sandbox.writeFile(sandbox.fill(path), text, 0o644)
    const filled = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, sandbox.fill(value)])
    )
    const child = yield* start(sandbox, ["sandbox", "run", ...argv], {
      agent: program,
      env: filled,
      user: nobody
    })
    const ended = said(yield* child.ended)
    return { ...ended, stderr: ended.stderr.replaceAll(sandbox.tmp, "{tmp}") }
  }))

const fails = (stderr: string) => ({ exit: 125, signal: null, stdout: "", stderr: `agent: ${stderr}\n` })

const job = (problem: string) => fails(`job: ${problem}`)

const RUN = ["--image", "image"]
const COMMAND = ["--", "cmd", SECRET]

describe("a command line that says nothing to do is refused:", () => {
  it.live.each<readonly [string, ReadonlyArray<string>]>([
    ["no command given; it follows --", RUN],
    ["no command given; it follows --", [...RUN, "--"]],
    ["give one of --input and --input-tar", [...RUN, "--input=a", "--input-tar=b", ...COMMAND]],
    ["--input-dir takes --input or --input-tar, too", [...RUN, "--input-dir=/a", ...COMMAND]],
    [
      "standard input is either the input or the command's",
      [...RUN, "--input-tar=-", "--stdin", ...COMMAND]
    ],
    ["--collect takes --out or --json, too", [...RUN, "--collect=/tmp/a", ...COMMAND]],
    ["--out takes --collect, too", [...RUN, "--out=/tmp", ...COMMAND]],
    ["--memory takes a size, such as 512m or 2g", [...RUN, "--memory=lots", ...COMMAND]],
    ["--max-output takes a size, such as 512m or 2g", [...RUN, "--max-output=-1", ...COMMAND]],
    ["--timeout takes a time, such as 90s or 2m", [...RUN, "--timeout=soon", ...COMMAND]],
    ["--env takes NAME=VALUE", [...RUN, "-e", "NAME", ...COMMAND]],
    ["-e takes a value: NAME=VALUE", [...RUN, "-e", ...COMMAND]],
    ["--image is missing", COMMAND],
    ["--image is given more than once", [...RUN, ...RUN, ...COMMAND]],
    ["--mount takes SRC:DST", [...RUN, "--mount=/a", ...COMMAND]],
    ["unknown option --privileged", [...RUN, "--privileged", ...COMMAND]],
    ["unknown option --user", [...RUN, "--user=root", ...COMMAND]]
  ])("%s", ([problem, argv]) =>
    Effect.map(
      agent(argv),
      (ended) => expect(ended).toStrictEqual(fails(`${problem}; see "agent sandbox run --help"`))
    ))
})

const SOURCE =
  "must be a path on the host that is not /, not below /proc, /sys or /dev, and leads to no Docker socket"
const PLAIN = "must be an absolute path without \":\" and \"..\""
const OWN = "must be a path below /, and not below /proc, /sys or /dev"
const NETWORK = "must be none, bridge or the name of a network (never host or container:...)"

describe("a job is refused before a daemon is looked for:", () => {
  it.live.each<readonly [string, ReadonlyArray<string>, string]>([
    ["the host's network", ["--network=host"], `limits.network ${NETWORK}`],
    ["another container's network", ["--network=container:x"], `limits.network ${NETWORK}`],
    ["Docker's socket", ["--mount=/run/docker.sock:/s"], `mounts[0].source ${SOURCE}`],
    ["what has a socket in it", ["--mount=/var/run:/run"], `mounts[0].source ${SOURCE}`],
    ["all of the host", ["--mount=/:/host"], `mounts[0].source ${SOURCE}`],
    ["the kernel's files", ["--mount=/proc/1:/p"], `mounts[0].source ${SOURCE}`],
    ["a relative path", ["--mount=data:/data"], `mounts[0].source ${PLAIN}`],
    ["a path upwards", ["--mount=/a/../..:/data"], `mounts[0].source ${PLAIN}`],
    ["a mount in the place of /", ["--mount=/a:/"], `mounts[0].target ${OWN}`],
    ["a writable mount", ["--mount=/a:/b:rw"], `mounts[0].target ${PLAIN}`],
    [
      "a mount over what the run needs",
      ["--mount=/a:/tmp"],
      "mounts[0].target must not be at or above the input, a collected path's directory, /workspace or /tmp"
    ],
    [
      "a working directory of the kernel's",
      ["--workdir=/proc/self/fd/8"],
      "workingDirectory must be a directory that is not below /proc, /sys or /dev"
    ],
    ["a working directory upwards", ["--workdir=/a/.."], `workingDirectory ${PLAIN}`],
    ["input in a place of the kernel's", ["--input=.", "--input-dir=/sys/a"], `inputDirectory ${OWN}`],
    ["a collected path upwards", ["--json", "--collect=/tmp/../etc/x"], `collect[0] ${PLAIN}`],
    [
      "two things at once",
      ["--network=host", "--workdir=a"],
      `workingDirectory ${PLAIN}; limits.network ${NETWORK}`
    ],
    ["no room for a process", ["--pids=0"], "limits.pids must be a number of processes, 2 or more"],
    [
      "too little memory",
      ["--memory=1m"],
      "limits.memory must be a number of bytes, at least 6 MiB"
    ],
    ["no image", ["--image=IMAGE"], "image must be the name of an image, such as golang:1.22"]
  ])("%s", ([, options, problem]) =>
    Effect.map(
      agent([...options.some((option) => option.startsWith("--image")) ? [] : RUN, ...options, ...COMMAND]),
      (ended) => expect(ended).toStrictEqual(job(problem))
    ))
})

describe("a daemon that cannot be used: @node", () => {
  it.live.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      "no socket",
      NO_DAEMON,
      "Docker cannot be reached for SystemPing: connect ENOENT {tmp}/none; check DOCKER_HOST and that the daemon runs"
    ],
    [
      "ssh",
      { DOCKER_HOST: "ssh://host" },
      "cannot use DOCKER_HOST \"ssh://host\": only unix:// and tcp:// are spoken; forward the socket for ssh://"
    ],
    [
      "no certificates",
      { DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_CERT_PATH: "{tmp}/none" },
      "cannot read the certificates for \"tcp://127.0.0.1:1\": NotFound: FileSystem.readFile ({tmp}/none/ca.pem): ENOENT: no such file or directory, open '{tmp}/none/ca.pem'; check DOCKER_CERT_PATH"
    ]
  ])(
    "%s",
    ([, env, problem]) =>
      Effect.map(agent([...RUN, ...COMMAND], env), (ended) => expect(ended).toStrictEqual(fails(problem)))
  )
})

describe("--env-file", () => {
  it.live.each<readonly [string, string, string]>([
    ["a line without =", "A=1\nB\n", "line 2 of the file of --env-file is not NAME=VALUE"],
    ["a line without a name", `=${SECRET}\n`, "line 1 of the file of --env-file is not NAME=VALUE"]
  ])("%s", ([, text, problem]) =>
    Effect.map(
      agent([...RUN, "--env-file={tmp}/env", ...COMMAND], NO_DAEMON, { "{tmp}/env": text }),
      (ended) => expect(ended).toStrictEqual(fails(`${problem}; see "agent sandbox run --help"`))
    ))

  it.live("that is not there", () =>
    Effect.map(agent([...RUN, "--env-file={tmp}/env", ...COMMAND]), (ended) =>
      expect(ended).toStrictEqual(
        fails("cannot read \"{tmp}/env\": ENOENT: no such file or directory, open '{tmp}/env'")
      )))
})

describe("the command's variables are not the agent's @node", () => {
  // Node takes --env-file for its own, also behind its script, and options from the NODE_OPTIONS in it.
  const file = { "{tmp}/env": "NODE_OPTIONS=--no-such-option\n" }

  it.live.each<readonly [string, string]>([["agent", agentFile], [
    "agent without its launcher",
    agentWithoutLauncher
  ]])(
    "%s",
    ([, program]) =>
      Effect.map(
        agent([...RUN, "--env-file={tmp}/env", "--dry-run=json", ...COMMAND], NO_DAEMON, file, program),
        ({ exit, stderr, stdout }) => {
          expect({ exit, stderr }).toStrictEqual({ exit: 0, stderr: "" })
          expect(JSON.parse(stdout)).toMatchObject({ Env: ["NODE_OPTIONS"] })
        }
      )
  )
})

describe("--dry-run", () => {
  const options = [
    ["--cpus=0.5", "--memory=64m", "--pids=10", "--network=none", "--workdir=/w", "--mount=/srv:/data"],
    ["-e", `TOKEN=${SECRET}`, "--env=B=x=y", "--collect=/out/a", "--stdin"]
  ].flat()

  it.live.each(["--dry-run=json", "--dry-run"])(
    "%s prints the request, without values",
    (option) =>
      Effect.map(agent([...RUN, ...options, option, "--", "cmd", SECRET, "more"]), (ended) => {
        expect({ ...ended, stdout: "" }).toStrictEqual({ exit: 0, signal: null, stdout: "", stderr: "" })
        expect(ended.stdout).not.toContain(SECRET)
        expect(ended.stdout.split("\n").length > 2).toBe(option === "--dry-run")
        expect(JSON.parse(ended.stdout)).toStrictEqual({
          AttachStderr: true,
          AttachStdin: true,
          AttachStdout: true,
          Cmd: [],
          Entrypoint: ["cmd"],
          EntrypointArguments: 2,
          Env: ["TOKEN", "B"],
          Healthcheck: { Test: ["NONE"] },
          HostConfig: {
            AutoRemove: false,
            CapDrop: ["ALL"],
            CgroupnsMode: "private",
            Init: true,
            IpcMode: "private",
            LogConfig: { Type: "json-file", Config: { "max-file": "1", "max-size": "1m" } },
            Memory: 64 * 1024 ** 2,
            MemorySwap: 64 * 1024 ** 2,
            Mounts: [
              {
                Type: "volume",
                Source: "chroot-exec-RUN-0",
                Target: "/out",
                VolumeOptions: { NoCopy: false }
              },
              { Type: "bind", Source: "/srv", Target: "/data", ReadOnly: true }
            ],
            NanoCpus: 500_000_000,
            NetworkMode: "none",
            PidsLimit: 10,
            Privileged: false,
            ReadonlyRootfs: true,
            RestartPolicy: { Name: "no" },
            SecurityOpt: ["no-new-privileges:true"],
            Tmpfs: {
              "/workspace": "rw,exec,nosuid,nodev,size=536870912,mode=1777,uid=65532,gid=65532",
              "/tmp": "rw,exec,nosuid,nodev,size=134217728,mode=1777,uid=65532,gid=65532"
            },
            Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }]
          },
          Image: "image",
          Labels: { "chroot-exec.run": "RUN" },
          OpenStdin: true,
          StdinOnce: true,
          Tty: false,
          User: "65532:65532",
          WorkingDir: "/w"
        })
      })
  )
})
