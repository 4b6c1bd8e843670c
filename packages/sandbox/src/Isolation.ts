/**
 * The isolation of every container of ours: the one place that makes a HostConfig of the Engine API.
 *
 * It is a function of the limits and of what is mounted, and has no parameter that would weaken it.
 *
 * @since 0.1.0
 */
import type { Layout, Volume } from "./Layout.js"
import type { Limits } from "./Limits.js"
import type { Mount } from "./Mount.js"

/**
 * The user and group of the command: nobody, in no image.
 *
 * @since 0.1.0
 * @category constants
 */
export const UID = 65532

/**
 * As the Engine API takes it.
 *
 * @since 0.1.0
 * @category constants
 */
export const USER = `${UID}:${UID}`

/**
 * What the container's log holds; of more, it loses the beginning.
 *
 * @since 0.1.0
 * @category constants
 */
export const LOG_BYTES = 1024 ** 2

/**
 * A volume of the run by its name in the daemon.
 *
 * @since 0.1.0
 * @category models
 */
export interface NamedVolume extends Volume {
  readonly name: string
}

/**
 * An entry of `HostConfig.Mounts`.
 *
 * @since 0.1.0
 * @category models
 */
export type EngineMount =
  | {
    readonly Type: "volume"
    readonly Source: string
    readonly Target: string
    readonly VolumeOptions: { readonly NoCopy: boolean }
  }
  | {
    readonly Type: "bind"
    readonly Source: string
    readonly Target: string
    readonly ReadOnly: true
  }

/**
 * `HostConfig` of the Engine API, as far as we set it.
 *
 * @since 0.1.0
 * @category models
 */
export interface HostConfig {
  readonly AutoRemove: false
  readonly CapDrop: readonly ["ALL"]
  readonly CgroupnsMode: "private"
  readonly Init: true
  readonly IpcMode: "private"
  readonly LogConfig: {
    readonly Type: "json-file"
    readonly Config: { readonly "max-file": "1"; readonly "max-size": "1m" }
  }
  readonly Memory: number
  readonly MemorySwap: number
  readonly Mounts: ReadonlyArray<EngineMount>
  readonly NanoCpus: number
  readonly NetworkMode: string
  readonly PidsLimit: number
  readonly Privileged: false
  readonly ReadonlyRootfs: boolean
  readonly RestartPolicy: { readonly Name: "no" }
  readonly SecurityOpt: readonly ["no-new-privileges:true"]
  readonly Tmpfs: Readonly<Record<string, string>>
  readonly Ulimits: readonly [{ readonly Name: "core"; readonly Soft: 0; readonly Hard: 0 }]
}

/**
 * What the caller of a run decides about its container.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly limits: Limits
  readonly mounts: ReadonlyArray<Mount>
  readonly volumes: ReadonlyArray<NamedVolume>
  readonly tmpfs: Layout["tmpfs"]
}

const volumeMount = ({ keepsImage, name, target }: NamedVolume): EngineMount => ({
  Type: "volume",
  Source: name,
  Target: target,
  VolumeOptions: { NoCopy: !keepsImage }
})

const bindMount = ({ source, target }: Mount): EngineMount => ({
  Type: "bind",
  Source: source,
  Target: target,
  ReadOnly: true
})

/** Executable, since `go test` runs what it builds there. The owner helps where runc keeps the mode that the image has. */
const tmpfsOptions = (bytes: number): string =>
  `rw,exec,nosuid,nodev,size=${bytes},mode=1777,uid=${UID},gid=${UID}`

/**
 * The HostConfig of the container that runs the command.
 *
 * The daemon's default seccomp profile and AppArmor profile are in force because no option names another.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hostConfig = ({ limits, mounts, tmpfs, volumes }: Options): HostConfig => ({
  // The daemon would remove the container while its artifacts are still wanted.
  AutoRemove: false,
  CapDrop: ["ALL"],
  CgroupnsMode: "private",
  Init: true,
  IpcMode: "private",
  // Output is read by attaching; the log tells whether all of it has come, and must not fill the host's disk.
  LogConfig: { Type: "json-file", Config: { "max-file": "1", "max-size": "1m" } },
  Memory: limits.memory,
  // Memory and swap together: no swap.
  MemorySwap: limits.memory,
  Mounts: [...volumes.map(volumeMount), ...mounts.map(bindMount)],
  NanoCpus: Math.round(limits.cpus * 1e9),
  NetworkMode: limits.network,
  PidsLimit: limits.pids,
  Privileged: false,
  ReadonlyRootfs: true,
  RestartPolicy: { Name: "no" },
  SecurityOpt: ["no-new-privileges:true"],
  Tmpfs: Object.fromEntries(tmpfs.map(({ bytes, target }) => [target, tmpfsOptions(bytes)])),
  Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }]
})

/**
 * The HostConfig of the container through which volumes are filled. It is never started; its root is writable since the
 * daemon puts nothing below a read-only one, not even on a volume's own top directory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fillerHostConfig = (options: Options): HostConfig => ({
  ...hostConfig({ ...options, mounts: [] }),
  NetworkMode: "none",
  ReadonlyRootfs: false
})
