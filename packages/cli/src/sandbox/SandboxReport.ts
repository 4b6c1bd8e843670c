/**
 * What `agent sandbox run` says about a run: as JSON, and in lines for people.
 *
 * @since 0.1.0
 */
import { quote } from "@chroot-exec/core/Quote"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import { format } from "@chroot-exec/sandbox/ByteSize"
import type { Limits } from "@chroot-exec/sandbox/Limits"
import * as Output from "@chroot-exec/sandbox/Output"
import type { Event, MissingReason, Result } from "@chroot-exec/sandbox/Result"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { CLEAR_LINE, fit } from "../shared/LiveLine.js"

const TIMED_OUT = 124
const UNKNOWN_END = 125

/**
 * The code that `agent sandbox run` ends with.
 *
 * @since 0.1.0
 * @category conversions
 */
export const exitCode = ({ exitCode, timedOut }: Result): number =>
  timedOut ? TIMED_OUT : Option.getOrElse(exitCode, () => UNKNOWN_END)

/**
 * The result as one document. Bytes of output that are not UTF-8 are in it as the surrogate escapes of PEP 383; the bytes
 * of artifacts are base64, or where they are on disk when `place` says so.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toJson = (result: Result, place: ((path: string) => string) | undefined): string => {
  const { artifacts, oomKilled, output, timedOut, usage } = result
  const milliseconds = (duration: Duration.Duration) => Math.round(Duration.toMillis(duration))
  const artifact = ([path, bytes]: readonly [string, Uint8Array]) =>
    place === undefined
      ? { path, size: bytes.length, base64: Buffer.from(bytes).toString("base64") }
      : { path, size: bytes.length, file: place(path) }
  return JSON.stringify({
    exitCode: Option.getOrNull(result.exitCode),
    timedOut,
    oomKilled,
    truncated: output.truncated,
    stdout: SurrogateEscape.decode(Output.only(output, "stdout")),
    stderr: SurrogateEscape.decode(Output.only(output, "stderr")),
    log: SurrogateEscape.decode(output.log),
    artifacts: [...artifacts.files].map(artifact),
    missing: artifacts.missing,
    usage: {
      durationMs: milliseconds(usage.duration),
      cpuMs: Option.getOrNull(Option.map(usage.cpu, milliseconds)),
      peakMemory: Option.getOrNull(usage.peakMemory)
    }
  })
}

const reasons: { readonly [Reason in MissingReason]: string } = {
  BehindLink: "a directory of its path is a symbolic link",
  Missing: "there is no such file",
  NotAFile: "it is no regular file",
  NotStarted: "the command was not started",
  StillRunning: "the container did not end",
  TooLarge: "it is too large; raise --max-artifact"
}

/**
 * What a caller should know beside the exit code, a line each.
 *
 * @since 0.1.0
 * @category conversions
 */
export const notes = (result: Result, limits: Limits): ReadonlyArray<string> => {
  const time = Duration.format(limits.timeout)
  const killed = Option.isNone(result.exitCode)
    ? "before the command was started"
    : "and the command was killed"
  return [
    ...(result.timedOut ? [`the time limit of ${time} was over ${killed}; raise --timeout`] : []),
    ...(result.oomKilled
      ? [`a process was killed since ${format(limits.memory)} of memory were used up; raise --memory`]
      : []),
    ...(result.output.truncated
      ? [`output after the first ${format(limits.output)} was dropped; raise --max-output`]
      : []),
    ...result.artifacts.missing.map(({ path, reason }) =>
      `${quote(path)} was not collected: ${reasons[reason]}`
    )
  ]
}

const BAR = 24

/**
 * The progress of a pull on one line of a terminal with so many columns, over the line before it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const progressLine = (
  { current, image, total }: Extract<Event, { readonly _tag: "Pulling" }>,
  columns: number
): string => {
  const part = Math.min(current / total, 1)
  const done = Math.round(part * BAR)
  const bar = `[${"#".repeat(done)}${" ".repeat(BAR - done)}]`
  return CLEAR_LINE +
    fit(`${bar} ${Math.floor(part * 100)}% of ${format(total)} pulling ${quote(image)}`, columns - 1)
}
