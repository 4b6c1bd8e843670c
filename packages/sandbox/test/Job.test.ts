/**
 * What a job may say, and that all that is wrong with it is said at once, without a value of it.
 */
import { decodeJob } from "@chroot-exec/sandbox"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"

const job = { image: "busybox", command: ["true"] }

const problems = (fields: Readonly<Record<string, unknown>>) =>
  Either.match(decodeJob({ ...job, ...fields }), { onLeft: ({ message }) => message, onRight: () => "fine" })

const PATH = "an absolute path without \":\" and \"..\""
const OWN = "a path below /, and not below /proc, /sys or /dev"
const SOURCE =
  "a path on the host that is not /, not below /proc, /sys or /dev, and leads to no Docker socket"
const NETWORK = "none, bridge or the name of a network (never host or container:...)"

it("the least has the defaults", () => {
  expect(Either.getOrThrow(decodeJob(job))).toStrictEqual({
    ...job,
    env: {},
    mounts: [],
    inputDirectory: "/workspace",
    collect: [],
    labels: {},
    limits: {
      cpus: 1,
      memory: 512 * 1024 ** 2,
      pids: 256,
      timeout: Duration.minutes(1),
      network: "bridge",
      output: 16 * 1024 ** 2,
      artifact: 64 * 1024 ** 2,
      input: 1024 ** 3
    }
  })
})

describe("is taken", () => {
  it.each([
    ["a path in another spelling", { workingDirectory: "//srv/./app/" }],
    ["/ as working directory", { workingDirectory: "/" }],
    ["a digest", { image: `registry.example:5000/a/b@sha256:${"a".repeat(64)}` }],
    ["an image's id", { image: `sha256:${"a".repeat(64)}` }],
    ["a mount below the input", {
      mounts: [{ source: "/srv", target: "/workspace/data" }],
      inputTar: Stream.empty
    }],
    ["no time limit", { limits: { timeout: Duration.infinity } }],
    ["a named network", { limits: { network: "my_net.1" } }]
  ])("%s", (_, fields) => {
    expect(problems(fields)).toBe("fine")
  })
})

describe("is refused", () => {
  it.each([
    ["host network", { limits: { network: "host" } }, `limits.network must be ${NETWORK}`],
    ["another container's", { limits: { network: "container:x" } }, `limits.network must be ${NETWORK}`],
    ["a namespace's", { limits: { network: "ns:/proc/1/ns/net" } }, `limits.network must be ${NETWORK}`],
    [
      "a writable mount",
      { mounts: [{ source: "/a", target: "/b", readOnly: false }] },
      "mounts[0].readOnly is not known"
    ],
    [
      "the Docker socket",
      { mounts: [{ source: "/var/run/docker.sock", target: "/s" }] },
      `mounts[0].source must be ${SOURCE}`
    ],
    ["its directory", { mounts: [{ source: "/run", target: "/s" }] }, `mounts[0].source must be ${SOURCE}`],
    ["the whole host", { mounts: [{ source: "/", target: "/s" }] }, `mounts[0].source must be ${SOURCE}`],
    [
      "the whole host, spelled otherwise",
      { mounts: [{ source: "//./", target: "/s" }] },
      `mounts[0].source must be ${SOURCE}`
    ],
    [
      "the host's kernel",
      { mounts: [{ source: "/proc/1/root", target: "/s" }] },
      `mounts[0].source must be ${SOURCE}`
    ],
    ["a relative source", { mounts: [{ source: "a", target: "/s" }] }, `mounts[0].source must be ${PATH}`],
    ["a source with :", { mounts: [{ source: "/a:/b", target: "/s" }] }, `mounts[0].source must be ${PATH}`],
    [
      "a source with ..",
      { mounts: [{ source: "/a/../b", target: "/s" }] },
      `mounts[0].source must be ${PATH}`
    ],
    [
      "a target with a NUL",
      { mounts: [{ source: "/a", target: "/s\0" }] },
      "mounts[0].target must be text without a NUL, in UTF-8"
    ],
    ["a target of /", { mounts: [{ source: "/a", target: "/" }] }, `mounts[0].target must be ${OWN}`],
    [
      "/proc as target",
      { mounts: [{ source: "/a", target: "/proc/sys" }] },
      `mounts[0].target must be ${OWN}`
    ],
    [
      "two mounts in one place",
      { mounts: [{ source: "/a", target: "/s" }, { source: "/b", target: "/s/" }] },
      "mounts[1].target must not be the target of two mounts"
    ],
    [
      "a mount over /tmp",
      { mounts: [{ source: "/a", target: "/tmp" }] },
      "mounts[0].target must not be at or above the input, a collected path's directory, /workspace or /tmp"
    ],
    [
      "a mount above the input",
      { mounts: [{ source: "/a", target: "/src" }], inputTar: Stream.empty, inputDirectory: "/src/a" },
      "mounts[0].target must not be at or above the input, a collected path's directory, /workspace or /tmp"
    ],
    [
      "/proc/self/fd as working directory",
      { workingDirectory: "/proc/self/fd/8" },
      "workingDirectory must be a directory that is not below /proc, /sys or /dev"
    ],
    ["a relative working directory", { workingDirectory: "x" }, `workingDirectory must be ${PATH}`],
    ["a file in /", { collect: ["/x"] }, "collect[0] must be the path of a file in a directory other than /"],
    [
      "a scratch place",
      { collect: ["/tmp"] },
      "collect[0] must be the path of a file in a directory other than /"
    ],
    ["shared memory", { collect: ["/dev/shm/x"] }, `collect[0] must be ${OWN}`],
    ["no command", { command: [] }, "command[0] is missing"],
    ["an empty command", { command: [""] }, "command[0] must be a path or a name, not empty"],
    [
      "bytes that are not UTF-8",
      { command: ["true", "\udcff"] },
      "command[1] must be text without a NUL, in UTF-8"
    ],
    ["a value that is not", { env: { A: "\udcff" } }, "env must be variables in UTF-8"],
    [
      "a name with =",
      { env: { "A=hunter2": "b" } },
      "env[\"A=...\"] must be a variable name (not empty, no \"=\")"
    ],
    [
      "an option for an image",
      { image: "--privileged" },
      "image must be the name of an image, such as golang:1.22"
    ],
    ["no processor", { limits: { cpus: 0 } }, "limits.cpus must be a number of processors, 0.01 or more"],
    ["NaN", { limits: { cpus: Number.NaN } }, "limits.cpus must be a number of processors, 0.01 or more"],
    [
      "too little memory",
      { limits: { memory: 1024 } },
      "limits.memory must be a number of bytes, at least 6 MiB"
    ],
    ["no time", { limits: { timeout: Duration.zero } }, "limits.timeout must be a duration above 0"],
    ["what is not known", { privileged: true }, "privileged is not known"],
    ["a capability", { limits: { capAdd: ["SYS_ADMIN"] } }, "limits.capAdd is not known"]
  ])("%s", (_, fields, says) => {
    expect(problems(fields)).toBe(`job: ${says}`)
  })

  it("everything at once, and no value of it", () => {
    const said = problems({
      command: ["\0hunter2"],
      env: { A: "hunter2\0" },
      workingDirectory: "hunter2",
      limits: { pids: 0 }
    })
    expect(said).toBe(
      "job: command[0] must be text without a NUL, in UTF-8; env.A must be text without a NUL; "
        + `workingDirectory must be ${PATH}; limits.pids must be a number of processes, 2 or more`
    )
  })
})
