/**
 * The preset, word for word.
 */
import { Isolation, Limits } from "@chroot-exec/sandbox"
import { SCRATCH } from "@chroot-exec/sandbox/Layout"
import { expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const limits = Schema.decodeSync(Limits)({ cpus: 2.5, memory: 512 * 1024 ** 2, pids: 100, network: "none" })

const preset = {
  AutoRemove: false,
  CapDrop: ["ALL"],
  CgroupnsMode: "private",
  Init: true,
  IpcMode: "private",
  LogConfig: { Type: "json-file", Config: { "max-file": "1", "max-size": "1m" } },
  Memory: 536_870_912,
  MemorySwap: 536_870_912,
  Mounts: [],
  NanoCpus: 2_500_000_000,
  NetworkMode: "none",
  PidsLimit: 100,
  Privileged: false,
  ReadonlyRootfs: true,
  RestartPolicy: { Name: "no" },
  SecurityOpt: ["no-new-privileges:true"],
  Tmpfs: {
    "/workspace": "rw,exec,nosuid,nodev,size=536870912,mode=1777,uid=65532,gid=65532",
    "/tmp": "rw,exec,nosuid,nodev,size=134217728,mode=1777,uid=65532,gid=65532"
  },
  Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }]
}

it("of a run", () => {
  expect(Isolation.hostConfig({ limits, mounts: [], volumes: [], tmpfs: SCRATCH })).toStrictEqual(preset)
  expect(Isolation.USER).toBe("65532:65532")
})

it("with a mount and volumes", () => {
  const volume = { name: "v", target: "/workspace", keepsImage: false, mode: 0o1777 }
  const image = { name: "w", target: "/out", keepsImage: true, mode: 0o755 }
  const [, tmp] = SCRATCH
  const mount = { source: "/srv/data", target: "/data" }
  expect(Isolation.hostConfig({
    limits,
    // A mount as the schema makes it has brands.
    mounts: [mount as never],
    volumes: [volume, image],
    tmpfs: tmp === undefined ? [] : [tmp]
  })).toStrictEqual({
    ...preset,
    Mounts: [
      { Type: "volume", Source: "v", Target: "/workspace", VolumeOptions: { NoCopy: true } },
      { Type: "volume", Source: "w", Target: "/out", VolumeOptions: { NoCopy: false } },
      { Type: "bind", Source: "/srv/data", Target: "/data", ReadOnly: true }
    ],
    Tmpfs: { "/tmp": preset.Tmpfs["/tmp"] }
  })
})

it("of the container that is never started", () => {
  const volume = { name: "v", target: "/workspace", keepsImage: false, mode: 0o1777 }
  const open = Schema.decodeSync(Limits)({ ...limits, network: "bridge" })
  expect(
    Isolation.fillerHostConfig({
      limits: open,
      mounts: [{ source: "/a", target: "/b" } as never],
      volumes: [volume],
      tmpfs: SCRATCH
    })
  ).toStrictEqual({
    ...preset,
    Mounts: [{ Type: "volume", Source: "v", Target: "/workspace", VolumeOptions: { NoCopy: true } }],
    ReadonlyRootfs: false
  })
})
