/**
 * Why a call of the Docker Engine API failed.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { oneLine } from "./internal/oneLine.js"

/**
 * There is no connection to the daemon, or none any more: it has not answered, and whether it did what it was told is
 * unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class EngineUnreachable extends Schema.TaggedError<EngineUnreachable>()("EngineUnreachable", {
  /** The operation's name in the API: `ContainerCreate`. */
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `Docker cannot be reached for ${this.operation}: ${
      oneLine(this.detail)
    }; check DOCKER_HOST and that the `
      + "daemon runs"
  }
}

/**
 * The daemon answered, with `status` (an HTTP status), and not with what was asked for.
 *
 * - `Refused`: the status is an error's, and the daemon said why;
 * - `Failed`: the status is not, but the answer says that it failed, and why;
 * - `Unexpected`: the answer is not what the API documents.
 *
 * @since 0.1.0
 * @category errors
 */
export class EngineError extends Schema.TaggedError<EngineError>()("EngineError", {
  /** The operation's name in the API: `ContainerCreate`. */
  operation: Schema.String,
  reason: Schema.Literal("Refused", "Failed", "Unexpected"),
  status: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    const detail = `(${this.status}): ${oneLine(this.detail)}`
    switch (this.reason) {
      case "Refused":
        return `Docker refused ${this.operation} ${detail}`
      case "Failed":
        return `Docker failed at ${this.operation} ${detail}`
      case "Unexpected":
        return `Docker gave an answer to ${this.operation} that makes no sense ${detail}`
    }
  }
}

/**
 * Everything by which a call can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type EngineFailure = EngineError | EngineUnreachable

/**
 * Whether the daemon answered with one of these statuses.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasStatus = (...statuses: ReadonlyArray<number>) => (error: EngineFailure): boolean =>
  error._tag === "EngineError" && statuses.includes(error.status)

/**
 * Every operation of `Engine` with its name in the API, as errors tell it.
 *
 * @since 0.1.0
 * @category constants
 */
export const operationIds = {
  imageInspect: "ImageInspect",
  imageCreate: "ImageCreate",
  containerList: "ContainerList",
  volumeList: "VolumeList",
  volumeCreate: "VolumeCreate",
  volumeDelete: "VolumeDelete",
  containerCreate: "ContainerCreate",
  containerAttach: "ContainerAttach",
  containerStart: "ContainerStart",
  containerWait: "ContainerWait",
  containerKill: "ContainerKill",
  containerLogs: "ContainerLogs",
  containerInspect: "ContainerInspect",
  containerStats: "ContainerStats",
  containerDelete: "ContainerDelete",
  containerArchiveInfo: "ContainerArchiveInfo",
  containerArchive: "ContainerArchive",
  putContainerArchive: "PutContainerArchive"
} as const

/**
 * An operation of `Engine`.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = keyof typeof operationIds

/**
 * An operation whose answer is not what was asked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const engineError = (
  operation: Operation,
  answer: Pick<EngineError, "reason" | "status" | "detail">
): EngineError => new EngineError({ operation: operationIds[operation], ...answer })

/**
 * An operation without an answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const engineUnreachable = (operation: Operation, detail: string): EngineUnreachable =>
  new EngineUnreachable({ operation: operationIds[operation], detail })
