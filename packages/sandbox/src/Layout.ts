/**
 * Where a run can write, and what of that outlives its container: pure.
 *
 * A tmpfs is gone when the container exits, so a file on it can never be collected, and nothing can be put there before
 * the start. What needs either is on a volume of the run.
 *
 * @since 0.1.0
 */
import { posix } from "node:path"
import { isWithin } from "./ContainerPath.js"

const MEBIBYTE = 1024 ** 2

/**
 * The writable places of every run, with their bytes. Each is a tmpfs unless a volume has to be there.
 *
 * @since 0.1.0
 * @category constants
 */
export const SCRATCH: ReadonlyArray<{ readonly target: string; readonly bytes: number }> = [
  { target: "/workspace", bytes: 512 * MEBIBYTE },
  { target: "/tmp", bytes: 128 * MEBIBYTE }
]

/**
 * The most that an image's volume can hold: like every other writable place, it is a tmpfs.
 *
 * @since 0.1.0
 * @category constants
 */
export const IMAGE_VOLUME_BYTES = 128 * MEBIBYTE

const isScratch = (target: string): boolean => SCRATCH.some((scratch) => scratch.target === target)

/**
 * A volume of the run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Volume {
  readonly target: string
  /** What the image has at this place is copied into it first, as Docker does: it would be hidden. */
  readonly keepsImage: boolean
  /** The permissions of its top directory, which belongs to the run's user. */
  readonly mode: number
}

/**
 * - `volumes`: none within another;
 * - `directories`: what has to be there before the start, parents first, each on one of the volumes;
 * - `tmpfs`: the scratch places that stay a tmpfs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Layout {
  readonly volumes: ReadonlyArray<Volume>
  readonly directories: ReadonlyArray<string>
  readonly tmpfs: typeof SCRATCH
}

/** The parts of a job that decide. */
export interface LayoutRequest {
  /** Where the input goes, when there is any. */
  readonly inputDirectory: string | undefined
  readonly collect: ReadonlyArray<string>
  readonly mounts: ReadonlyArray<{ readonly target: string }>
  readonly workingDirectory: string | undefined
}

/** A whole scratch place rather than a part of it: all of it is writable then, with or without a volume. */
const volumeOf = (directory: string): string =>
  SCRATCH.find(({ target }) => isWithin(directory, target))?.target ?? directory

const unique = (paths: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(paths)].sort()

/** From the volume downwards: `/out`, `/out/a`, `/out/a/b`. */
const upTo = (directory: string, volume: string): ReadonlyArray<string> =>
  directory === volume ? [] : [...upTo(posix.dirname(directory), volume), directory]

/**
 * The layout of a job. What is collected from a mount, or from `/` itself, is not the run's to write: it needs no volume.
 *
 * @since 0.1.0
 * @category constructors
 */
export const layout = (
  { collect, inputDirectory, mounts, workingDirectory }: LayoutRequest
): Layout => {
  const outputs = collect
    .filter((path) => !mounts.some(({ target }) => isWithin(path, target)))
    .map((path) => posix.dirname(path))
  const wanted = [...(inputDirectory === undefined ? [] : [inputDirectory]), ...outputs]
  const roots = unique(wanted.map(volumeOf))
  const targets = roots.filter((target) =>
    !roots.some((other) => other !== target && isWithin(target, other))
  )
  const needed = [...wanted, ...(workingDirectory === undefined ? [] : [workingDirectory])]
  return {
    volumes: targets.map((target) => ({
      target,
      keepsImage: target !== inputDirectory && !isScratch(target),
      mode: isScratch(target) ? 0o1777 : 0o755
    })),
    directories: unique(needed.flatMap((directory) => {
      const volume = targets.find((target) => isWithin(directory, target))
      return volume === undefined ? [] : upTo(directory, volume)
    })),
    tmpfs: SCRATCH.filter(({ target }) => !targets.includes(target))
  }
}
