/**
 * What `agent run-step` says about a step: its exit code, its events as JSON, and lines for people.
 *
 * @since 0.1.0
 */
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as Signal from "@chroot-exec/core/Signal"
import type { StepEvent } from "@chroot-exec/runner/StepEvents"
import type { StepResult } from "@chroot-exec/runner/StepResult"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const TIMED_OUT = 124

/**
 * The code that `agent run-step` ends with.
 *
 * @since 0.1.0
 * @category conversions
 */
export const exitCode = ({ accepted, status, timedOut }: StepResult): number =>
  timedOut ? TIMED_OUT : accepted ? 0 : ExitStatus.toExitCode(status)

const milliseconds = (duration: Duration.Duration): number => Math.round(Duration.toMillis(duration))

const resultFields = (result: StepResult) => ({
  ...(result.status._tag === "Exited"
    ? { code: result.status.code }
    : { signal: Signal.name(result.status.signal), coreDumped: result.status.coreDumped }),
  accepted: result.accepted,
  timedOut: result.timedOut,
  durationMs: milliseconds(result.duration),
  userMs: milliseconds(result.usage.user),
  systemMs: milliseconds(result.usage.system),
  peakMemory: result.usage.peakMemory,
  stdout: result.stdout,
  stderr: result.stderr,
  drained: result.drained,
  survivors: result.survivors,
  logs: Option.getOrNull(result.logs)
})

/**
 * An event as one line of JSON: `started` with `pid`; `line` with `stream`, `time` (ISO 8601) and `text`, in which bytes
 * that are not UTF-8 are the surrogate escapes of PEP 383; `ended` with the result, times in milliseconds and sizes in
 * bytes.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toJson = (event: StepEvent): string => {
  switch (event._tag) {
    case "Started":
      return JSON.stringify({ event: "started", pid: event.pid })
    case "Line":
      return JSON.stringify({
        event: "line",
        stream: event.stream,
        // @effect-diagnostics-next-line effect/globalDate:off
        time: new Date(event.time).toISOString(),
        text: event.text
      })
    case "Ended":
      return JSON.stringify({ event: "ended", ...resultFields(event.result) })
  }
}

/**
 * What a caller should know beside the exit code, a line each.
 *
 * @since 0.1.0
 * @category conversions
 */
export const notes = (result: StepResult): ReadonlyArray<string> => [
  ...(result.timedOut
    ? [
      `the time limit was over after ${
        (Duration.toMillis(result.duration) / 1000).toFixed(1)
      } s, and the step was ended; raise --timeout`
    ]
    : []),
  ...(result.drained
    ? []
    : ["a process that the step had started kept its output open; what it wrote later is lost"]),
  ...(result.survivors === 0 || result.timedOut
    ? []
    : [`${result.survivors} process(es) that the step had left running were ended`])
]
