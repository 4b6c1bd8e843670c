/**
 * Directories and files of the daemon's host that the container sees.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ContainerPath, isWithin, OwnPath } from "./ContainerPath.js"

/** The sockets by which one becomes root of the host. */
const SOCKETS = [
  "/run/docker.sock",
  "/var/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/crio/crio.sock"
]

/**
 * Whether a path on the host may be shown to a container: not the whole host, nothing of its kernel, and neither a socket
 * of a container engine nor a directory that has one in it. `socket` is the one of the daemon in use, when it has one.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isShareable = (source: string, socket?: string): boolean =>
  source !== "/" &&
  !["/proc", "/sys", "/dev"].some((directory) => isWithin(source, directory)) &&
  ![...SOCKETS, ...(socket === undefined ? [] : [socket])].some((path) => isWithin(path, source))

/**
 * `source` on the daemon's host, read-only at `target`. There is no field to make it writable.
 *
 * The host's data is trusted: symbolic links in it are looked up inside the container, but its bytes are what they are.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Mount = Schema.Struct({
  source: ContainerPath.pipe(
    Schema.filter((source) => isShareable(source), {
      description:
        "a path on the host that is not /, not below /proc, /sys or /dev, and leads to no Docker socket"
    })
  ),
  target: OwnPath
})

/**
 * @since 0.1.0
 * @category models
 */
export type Mount = typeof Mount.Type
