/**
 * Writing to the standard streams by descriptor.
 *
 * Never `process.stdout` and the like: making those objects sets O_NONBLOCK on pipes, which the step would inherit.
 *
 * @since 0.1.0
 */
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { writeSync } from "node:fs"
import { isatty } from "node:tty"
import { OutputFailed } from "./AgentError.js"

/**
 * The code of an error of Node's: `EPIPE`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown error"

const RETRY_MS = 5

/** All of the bytes, also into a pipe that was given to us non-blocking. Throws what write(2) reports. */
const writeAll = (fd: number, bytes: Uint8Array): void => {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(fd, bytes, offset)
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error
      // The reader is slow, and there is nothing else to do.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

/** A C0 control character other than the newline would reach the reader's terminal. */
const printable = (line: string): string =>
  line.replace(
    /[\u0000-\u001f\u007f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`
  )

const encode = (text: string): Uint8Array =>
  SurrogateEscape.isEncodable(text) ? SurrogateEscape.encode(text) : new TextEncoder().encode(text)

/**
 * Text on standard output. Nobody reading it any more is no failure, everything else is.
 *
 * @since 0.1.0
 * @category operations
 */
export const writeOutput = (text: string): Effect.Effect<void, OutputFailed> =>
  Effect.try({
    try: () => writeAll(1, encode(text)),
    catch: (error) => new OutputFailed({ code: codeOf(error) })
  })
    .pipe(Effect.catchIf(({ code }) => code === "EPIPE", () => Effect.void))

/**
 * Bytes of the step's on one of the standard streams. Nobody reading them any more is a failure: the step is told by
 * being ended.
 *
 * @since 0.1.0
 * @category operations
 */
export const writeBytes = (fd: 1 | 2, bytes: Uint8Array): Effect.Effect<void, OutputFailed> =>
  Effect.try({ try: () => writeAll(fd, bytes), catch: (error) => new OutputFailed({ code: codeOf(error) }) })

/**
 * One line on standard error, with control characters made visible. When standard error is gone, there is nobody
 * left to tell.
 *
 * @since 0.1.0
 * @category operations
 */
export const writeErrorLine = (line: string): void => {
  try {
    writeAll(2, encode(`${printable(line)}\n`))
  } catch {
    // Nobody is left to tell.
  }
}

/**
 * A line for the launcher that gave the descriptor; false when it cannot be written.
 *
 * @since 0.1.0
 * @category operations
 */
export const writeReport = (fd: number, line: string): boolean => {
  try {
    writeAll(fd, encode(line))
    return true
  } catch {
    return false
  }
}

/**
 * Log lines on standard error: standard output belongs to the step.
 *
 * @since 0.1.0
 * @category loggers
 */
export const logger = Logger.make((entry) => writeErrorLine(Logger.logfmtLogger.log(entry)))

/**
 * Whether a descriptor is a terminal.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isTerminal = (fd: number): boolean => isatty(fd)

/**
 * Whether standard output is a terminal that wants colours (https://no-color.org).
 *
 * @since 0.1.0
 * @category predicates
 */
export const outputHasColors = (): boolean =>
  // @effect-diagnostics-next-line effect/processEnv:off
  isatty(1) && !process.env["NO_COLOR"]

const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g

/**
 * Text without escape sequences of a terminal.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withoutColors = (text: string): string => text.replace(ANSI, "")
