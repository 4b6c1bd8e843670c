/**
 * Why a run could not be carried out. How the command itself ended is never an error: see `Result`.
 *
 * A message is one line that says what failed, on what, and what to do. It never shows an argument of the command or a
 * value of its environment.
 *
 * @since 0.1.0
 */
import * as Problems from "@chroot-exec/core/Problems"
import { quote } from "@chroot-exec/core/Quote"
import * as Schema from "effect/Schema"
import * as ByteSize from "./ByteSize.js"
import type { EngineFailure } from "./EngineError.js"
import { oneLine } from "./internal/oneLine.js"
import type { ResultError } from "./ResultError.js"

export * from "./EngineError.js"
export * from "./ResultError.js"

/**
 * The job was refused; nothing was created. `problems` holds all that is wrong with it, each with its path in the job.
 *
 * @since 0.1.0
 * @category errors
 */
export class JobInvalid extends Schema.TaggedError<JobInvalid>()("JobInvalid", {
  problems: Schema.NonEmptyArray(Schema.Struct({ path: Schema.String, problem: Schema.String }))
}) {
  override get message(): string {
    return `job: ${this.problems.map(Problems.toSentence).join("; ")}`
  }
}

/**
 * There is no daemon to be reached the way the environment says.
 *
 * @since 0.1.0
 * @category errors
 */
export class EngineUnusable extends Schema.TaggedError<EngineUnusable>()("EngineUnusable", {
  /** As `DOCKER_HOST` names it. */
  host: Schema.String,
  reason: Schema.Literal("Address", "Certificates", "Version"),
  detail: Schema.String
}) {
  override get message(): string {
    switch (this.reason) {
      case "Address":
        return `cannot use DOCKER_HOST ${quote(this.host)}: ${this.detail}`
      case "Certificates":
        return `cannot read the certificates for ${quote(this.host)}: ${this.detail}; check DOCKER_CERT_PATH`
      case "Version":
        return `the daemon at ${quote(this.host)} is too old: ${this.detail}`
    }
  }
}

/**
 * The image is not there and cannot be had.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImagePullFailed extends Schema.TaggedError<ImagePullFailed>()("ImagePullFailed", {
  image: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `cannot pull image ${quote(this.image)}: ${
      oneLine(this.detail)
    }; check its name, or log in with "docker login"`
  }
}

/**
 * What `docker login` left for a registry cannot be used.
 *
 * @since 0.1.0
 * @category errors
 */
export class CredentialsUnusable extends Schema.TaggedError<CredentialsUnusable>()("CredentialsUnusable", {
  registry: Schema.String,
  /** The file or the program that was asked. */
  source: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `cannot take the credentials of ${quote(this.registry)} from ${quote(this.source)}: ${
      oneLine(this.detail)
    }`
  }
}

/**
 * The input, or what is to be read from the caller, could not be read to its end.
 *
 * @since 0.1.0
 * @category errors
 */
export class InputUnreadable extends Schema.TaggedError<InputUnreadable>()("InputUnreadable", {
  /** A path, or what else it is called. */
  source: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `cannot read ${quote(this.source)}: ${oneLine(this.detail)}`
  }
}

/**
 * The input is an archive that is not unpacked.
 *
 * @since 0.1.0
 * @category errors
 */
export class InputRefused extends Schema.TaggedError<InputRefused>()("InputRefused", {
  /** The name in the archive; empty for the archive as a whole. */
  entry: Schema.String,
  reason: Schema.Literal(
    "AbsolutePath",
    "Compression",
    "Damaged",
    "EscapingLink",
    "EscapingPath",
    "LinkedPath",
    "NotUtf8",
    "Size",
    "Type"
  ),
  detail: Schema.String
}) {
  override get message(): string {
    const entry = this.entry === "" ? "" : ` ${quote(this.entry)}:`
    return `input archive:${entry} ${this.explanation}`
  }

  private get explanation(): string {
    switch (this.reason) {
      case "AbsolutePath":
        return "its path begins with \"/\"; make the archive with relative paths"
      case "Compression":
        return `is compressed with ${this.detail}; give it plain or with gzip`
      case "Damaged":
        return `is no tar archive, or a damaged one (${oneLine(this.detail)})`
      case "EscapingLink":
        return "links to something outside of the input; make the link relative, or leave it out"
      case "EscapingPath":
        return "its path has \"..\" in it"
      case "LinkedPath":
        return "is below a symbolic link of the archive"
      case "NotUtf8":
        return "its name is not UTF-8; rename it"
      case "Size":
        return `is larger than ${this.detail} when unpacked; raise the limit of the input`
      case "Type":
        return `is ${this.detail}; only files, directories and links are unpacked`
    }
  }
}

/**
 * A mount that only turned out to be one that is never made when it was looked at on this host.
 *
 * @since 0.1.0
 * @category errors
 */
export class MountRefused extends Schema.TaggedError<MountRefused>()("MountRefused", {
  source: Schema.String,
  /** Where it leads. */
  path: Schema.String,
  reason: Schema.Literal("Missing", "Socket", "Whole")
}) {
  override get message(): string {
    const source = `cannot mount ${quote(this.source)}:`
    const path = this.path === this.source ? "it" : `it leads to ${quote(this.path)}, which`
    switch (this.reason) {
      case "Missing":
        return `${source} there is no such file or directory`
      case "Socket":
        return `${source} ${path} is a socket`
      case "Whole":
        return `${source} ${path} is never shown to a container`
    }
  }
}

/**
 * There is no such command in the image.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImageCommandNotFound extends Schema.TaggedError<ImageCommandNotFound>()("ImageCommandNotFound", {
  image: Schema.String,
  command: Schema.String
}) {
  override get message(): string {
    const command = `command ${quote(this.command)} not found in image ${quote(this.image)}`
    return this.command.includes("/")
      ? `${command}: there is no such file, or its interpreter is missing`
      : `${command}: it is not on PATH there; give its path, or set PATH`
  }
}

/**
 * The command is in the image, and the run's user cannot execute it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImageCommandNotExecutable
  extends Schema.TaggedError<ImageCommandNotExecutable>()("ImageCommandNotExecutable", {
    image: Schema.String,
    command: Schema.String
  })
{
  override get message(): string {
    return `command ${quote(this.command)} of image ${
      quote(this.image)
    } cannot be executed: permission denied; `
      + "check that everybody may execute it"
  }
}

/**
 * Everything by which a run can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type SandboxError =
  | CredentialsUnusable
  | EngineFailure
  | ImageCommandNotExecutable
  | ImageCommandNotFound
  | ImagePullFailed
  | InputRefused
  | InputUnreadable
  | JobInvalid
  | MountRefused
  | ResultError

/**
 * The refusal of an input that is larger than it may be.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inputTooLarge = (limit: number): InputRefused =>
  new InputRefused({ entry: "", reason: "Size", detail: ByteSize.format(limit) })
