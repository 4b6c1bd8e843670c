/**
 * Why what a run came to cannot be told, though every call of the daemon's was answered.
 *
 * @since 0.1.0
 */
import { quote } from "@chroot-exec/core/Quote"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { oneLine } from "./internal/oneLine.js"

const REMEDY = "run it again, and check what is between the agent and Docker"

const show = (limit: Duration.Duration): string => {
  const minutes = Duration.toMinutes(limit)
  return Number.isInteger(minutes) ? `${minutes} minutes` : `${Duration.toSeconds(limit)} seconds`
}

/**
 * What came of the command's output may not be all that it wrote.
 *
 * - `Unframed`: it is not framed as the API describes;
 * - `CutOff`: the connection ended within a frame;
 * - `Missing`: the container's log has more;
 * - `LogUnframed`: the log, with which it is compared, is not framed as the API describes.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutputLost extends Schema.TaggedError<OutputLost>()("OutputLost", {
  container: Schema.String,
  reason: Schema.Literal("Unframed", "CutOff", "Missing", "LogUnframed")
}) {
  override get message(): string {
    return `the output of container ${
      quote(this.container)
    } may not be all that the command wrote: ${this.explanation}; ${REMEDY}`
  }

  private get explanation(): string {
    switch (this.reason) {
      case "Unframed":
        return "what Docker sent of it is not framed as the API describes"
      case "CutOff":
        return "the connection to Docker ended in the middle of it"
      case "Missing":
        return "Docker's log has more of it than what came"
      case "LogUnframed":
        return "Docker's log of it is not framed as the API describes"
    }
  }
}

/**
 * The command's output ended, and the daemon did not say in time how the command did.
 *
 * @since 0.1.0
 * @category errors
 */
export class EndUnknown extends Schema.TaggedError<EndUnknown>()("EndUnknown", {
  container: Schema.String,
  limit: Schema.DurationFromMillis
}) {
  override get message(): string {
    return `how the command in container ${quote(this.container)} ended did not become known within ${
      show(this.limit)
    } after the end of its output; ${REMEDY}`
  }
}

/**
 * The archive in which the daemon sent a file to collect is not that of the file.
 *
 * @since 0.1.0
 * @category errors
 */
export class ArtifactDamaged extends Schema.TaggedError<ArtifactDamaged>()("ArtifactDamaged", {
  path: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `cannot bring back ${quote(this.path)}: the archive of it that Docker sent is damaged (${
      oneLine(this.detail)
    }); ${REMEDY}`
  }
}

/**
 * The files to collect take longer than that may take.
 *
 * @since 0.1.0
 * @category errors
 */
export class ArtifactsLate extends Schema.TaggedError<ArtifactsLate>()("ArtifactsLate", {
  container: Schema.String,
  limit: Schema.DurationFromMillis
}) {
  override get message(): string {
    return `the files to collect did not come from container ${quote(this.container)} within ${
      show(this.limit)
    }; collect less, or lower the limit of an artifact's size`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type ResultError = ArtifactDamaged | ArtifactsLate | EndUnknown | OutputLost
