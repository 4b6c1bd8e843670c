/**
 * From a job to the requests that create its containers: pure.
 *
 * @since 0.1.0
 */
import { posix } from "node:path"
import type { CreateRequest, Labels } from "./Engine.js"
import * as Isolation from "./Isolation.js"
import { type Job, layoutOf } from "./Job.js"
import { IMAGE_VOLUME_BYTES, type Layout } from "./Layout.js"
import { RUN_LABEL } from "./Owner.js"

/**
 * What a run's things are called in the daemon. No two runs share a name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Names {
  readonly container: string
  /** The container through which volumes are filled. */
  readonly filler: string
  readonly volumes: ReadonlyArray<Isolation.NamedVolume>
}

/**
 * The names of a run by its id.
 *
 * @since 0.1.0
 * @category constructors
 */
export const names = (run: string, { volumes }: Layout): Names => ({
  container: `chroot-exec-${run}`,
  filler: `chroot-exec-${run}-filler`,
  volumes: volumes.map((volume, index) => ({ ...volume, name: `chroot-exec-${run}-${index}` }))
})

const base = (job: Job, labels: Labels) => ({
  AttachStderr: true,
  AttachStdout: true,
  Cmd: [],
  // A check of the image would run in the container beside the command.
  Healthcheck: { Test: ["NONE"] },
  Image: job.image,
  Labels: labels,
  Tty: false,
  User: Isolation.USER
} as const)

/**
 * The tmpfs places of a job, and those that its image declares as volumes: Docker would make a volume without a name of
 * each, on the host's disk and without a limit.
 */
const tmpfsOf = (job: Job, imageVolumes: ReadonlyArray<string>): Layout["tmpfs"] => {
  const { tmpfs, volumes } = layoutOf(job)
  const taken = new Set([...tmpfs, ...volumes, ...job.mounts].map(({ target }) => target))
  const others = imageVolumes.map((path) => posix.resolve("/", path)).filter((target) => !taken.has(target))
  return [...tmpfs, ...others.map((target) => ({ target, bytes: IMAGE_VOLUME_BYTES }))]
}

/**
 * The request for the container that runs the command. `Entrypoint` has all of the command, so that an ENTRYPOINT of the
 * image counts for nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const runRequest = (
  job: Job,
  { volumes }: Names,
  labels: Labels,
  imageVolumes: ReadonlyArray<string>
): CreateRequest => {
  const workingDirectory = job.workingDirectory ??
    (job.inputTar === undefined ? undefined : job.inputDirectory)
  const hasStdin = job.stdin !== undefined
  return {
    ...base(job, labels),
    AttachStdin: hasStdin,
    Entrypoint: job.command,
    Env: Object.entries(job.env).map(([name, value]) => `${name}=${value}`),
    HostConfig: Isolation.hostConfig({ ...job, tmpfs: tmpfsOf(job, imageVolumes), volumes }),
    OpenStdin: hasStdin,
    StdinOnce: hasStdin,
    ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory })
  }
}

/**
 * The request for the container through which the volumes are filled. It has nothing of the job, as it is never started.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fillerRequest = (
  job: Job,
  { volumes }: Names,
  labels: Labels,
  imageVolumes: ReadonlyArray<string>
): CreateRequest => ({
  ...base(job, labels),
  AttachStdin: false,
  // Some command has to be there, also for an image that has none.
  Entrypoint: ["/never-started"],
  Env: [],
  HostConfig: Isolation.fillerHostConfig({ ...job, tmpfs: tmpfsOf(job, imageVolumes), volumes }),
  OpenStdin: false,
  StdinOnce: false
})

/**
 * The request that a run of the job would begin with, where `RUN` stands for the run's id.
 *
 * @since 0.1.0
 * @category constructors
 */
export const example = (job: Job): CreateRequest =>
  runRequest(job, names("RUN", layoutOf(job)), { ...job.labels, [RUN_LABEL]: "RUN" }, [])

/**
 * A request to look at: variables only named, arguments only counted.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toJson = (
  { Entrypoint, Env, ...request }: CreateRequest
): Readonly<Record<string, unknown>> => ({
  ...request,
  Entrypoint: Entrypoint.slice(0, 1),
  EntrypointArguments: Math.max(Entrypoint.length - 1, 0),
  Env: Env.map((entry) => entry.slice(0, entry.indexOf("=")))
})
