/**
 * A command to run once, as its caller describes it. Everything that can be refused is refused here, before anything is
 * created.
 *
 * @since 0.1.0
 */
import { EnvironmentRecord } from "@chroot-exec/core/Environment"
import * as Problems from "@chroot-exec/core/Problems"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ContainerPath, isWithin, OwnPath, Text, WorkingDirectory } from "./ContainerPath.js"
import { ImageReference } from "./ImageReference.js"
import { layout, SCRATCH } from "./Layout.js"
import { Limits } from "./Limits.js"
import { Mount } from "./Mount.js"
import { type InputUnreadable, JobInvalid } from "./SandboxError.js"

/**
 * Bytes from the caller.
 *
 * @since 0.1.0
 * @category models
 */
export type ByteStream = Stream.Stream<Uint8Array, InputUnreadable>

const isStream = (input: unknown): input is ByteStream => Predicate.hasProperty(input, Stream.StreamTypeId)

const ByteStream = Schema.declare(isStream, { description: "a stream of bytes" })

/** Names and values that JSON carries; a value is never shown. */
const Env = EnvironmentRecord.pipe(
  Schema.filter(
    (env) => Object.entries(env).flat().every(Schema.is(Text)),
    { description: "variables in UTF-8" }
  )
)

/**
 * Where the input goes unless the job says otherwise.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_INPUT_DIRECTORY = ContainerPath.make("/workspace")

const Fields = Schema.Struct({
  image: ImageReference,
  command: Schema.Tuple(
    [Text.pipe(Schema.filter((command) => command !== "", { description: "a path or a name, not empty" }))],
    Text
  ),
  env: Schema.optionalWith(Env, { default: () => ({}) }),
  workingDirectory: Schema.optional(WorkingDirectory),
  mounts: Schema.optionalWith(Schema.Array(Mount), { default: () => [] }),
  inputTar: Schema.optional(ByteStream),
  inputDirectory: Schema.optionalWith(OwnPath, { default: () => DEFAULT_INPUT_DIRECTORY }),
  stdin: Schema.optional(ByteStream),
  collect: Schema.optionalWith(
    Schema.Array(OwnPath.pipe(
      Schema.filter((path) => path.lastIndexOf("/") > 0 && !SCRATCH.some(({ target }) => target === path), {
        description: "the path of a file in a directory other than /"
      })
    )),
    { default: () => [] }
  ),
  limits: Schema.optionalWith(Limits, { default: () => Schema.decodeSync(Limits)({}) }),
  labels: Schema.optionalWith(Schema.Record({ key: Text, value: Text }), { default: () => ({}) })
})

type Fields = typeof Fields.Type

/** The layout of a job's volumes. */
export const layoutOf = (job: Fields) =>
  layout({
    ...job,
    inputDirectory: job.inputTar === undefined ? undefined : job.inputDirectory,
    workingDirectory: job.workingDirectory
  })

/** Two things in one place, or a mount that would hide what the run needs. */
const conflicts = (job: Fields): ReadonlyArray<Schema.FilterIssue> => {
  const places = [...layoutOf(job).volumes, ...SCRATCH].map(({ target }) => target)
  return job.mounts.flatMap(({ target }, index) => {
    const path = ["mounts", index, "target"]
    if (places.some((place) => isWithin(place, target))) {
      return [{
        path,
        message: "must not be at or above the input, a collected path's directory, /workspace or /tmp"
      }]
    }
    return job.mounts.slice(0, index).some((other) => other.target === target)
      ? [{ path, message: "must not be the target of two mounts" }]
      : []
  })
}

/**
 * - `image`: what the container is made of;
 * - `command`: the command and its arguments, run as they are: neither the image's ENTRYPOINT nor a shell is in between;
 * - `env`: variables beside those of the image, which they overwrite;
 * - `workingDirectory`: the input's directory when there is an input, the image's otherwise;
 * - `mounts`: what the container sees of the daemon's host, read-only;
 * - `inputTar`: an archive, plain or gzip, that is unpacked into `inputDirectory` (`/workspace`), where the command may
 *   change all of it;
 * - `stdin`: what the command reads; without it, nothing;
 * - `collect`: paths of files to bring back. Their directories are there when the command starts, and writable;
 * - `limits`: see `Limits`;
 * - `labels`: on everything that is created in the daemon.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Job = Fields.pipe(Schema.filter(conflicts))

/**
 * @since 0.1.0
 * @category models
 */
export type Job = typeof Job.Type

/**
 * A job as it is written: the fields with a default can be left out.
 *
 * @since 0.1.0
 * @category models
 */
export type JobInput = typeof Job.Encoded

const decodeUnknown = ParseResult.decodeUnknownEither(Job, { errors: "all", onExcessProperty: "error" })

/**
 * The job, or everything that is wrong with it. No argument and no value is in the error.
 *
 * @example
 * import { decodeJob } from "@chroot-exec/sandbox"
 * import * as Either from "effect/Either"
 *
 * const refused = decodeJob({
 *   image: "busybox",
 *   command: ["true"],
 *   mounts: [{ source: "/var/run/docker.sock", target: "docker" }]
 * })
 * // job: mounts[0].source must be a path on the host that is not /, not below /proc, /sys or /dev, and leads to no
 * // Docker socket; mounts[0].target must be an absolute path without ":" and ".."
 * Either.isLeft(refused) && refused.left.message
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeJob = (input: unknown): Either.Either<Job, JobInvalid> =>
  Either.mapLeft(decodeUnknown(input), (issue) => {
    const [first = { path: "", problem: "is not a job" }, ...rest] = Problems.fromIssue(issue)
    return new JobInvalid({ problems: [first, ...rest] })
  })
