/**
 * A line on the terminal that tells what is going on, below the output, and goes away at the end.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { OutputFailed } from "./AgentError.js"
import * as Stdio from "./Stdio.js"

/**
 * Where the output of a step goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface LiveLine {
  readonly write: (fd: 1 | 2, bytes: Uint8Array) => Effect.Effect<void, OutputFailed>
}

/**
 * Takes the line that the cursor is on away.
 *
 * @since 0.1.0
 * @category constants
 */
export const CLEAR_LINE = "\r\u001b[K"

const NEWLINE = 10
const INTERVAL = Duration.millis(250)

/** Of a terminal that does not tell. */
const COLUMNS = 80

/**
 * How wide the terminal is.
 *
 * @since 0.1.0
 * @category operations
 */
export const columns = (): number => process.stderr.columns ?? COLUMNS

/** Characters that take two columns, as far as that can be told without the terminal. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u

/**
 * As much of a text as fits into so many columns, without control characters.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fit = (text: string, columns: number): string => {
  let fitted = ""
  let width = 0
  for (const character of text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ")) {
    width += WIDE.test(character) ? 2 : 1
    if (width > columns) break
    fitted += character
  }
  return fitted
}

/**
 * `1:05` after 65 seconds, `1:01:05` after an hour more.
 *
 * @since 0.1.0
 * @category conversions
 */
export const elapsed = (milliseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1000)
  const two = (number: number) => String(number).padStart(2, "0")
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** The last whole line of these bytes, which may be a part of one. */
const lastLine = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes.subarray(-4096)).trimEnd().split("\n").at(-1) ?? ""

/** Output as it is, where nobody looks at a line. */
const plain: LiveLine = { write: Stdio.writeBytes }

const draw = (title: string) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    let shown = false
    // Below a line that has not ended there is no place.
    let midLine = false
    let last = ""
    const toTerminal = (text: string) => Effect.ignore(Stdio.writeBytes(2, new TextEncoder().encode(text)))
    const clear = Effect.suspend(() => {
      if (!shown) return Effect.void
      shown = false
      return toTerminal(CLEAR_LINE)
    })
    const show = Effect.gen(function*() {
      if (midLine) return
      const time = elapsed((yield* Clock.currentTimeMillis) - began)
      shown = true
      yield* toTerminal(CLEAR_LINE + fit(`${title}  ${time}  ${last}`, columns() - 1))
    })
    yield* Effect.addFinalizer(() => clear)
    yield* Effect.forkScoped(Effect.repeat(show, Schedule.spaced(INTERVAL)))
    const write: LiveLine["write"] = (fd, bytes) =>
      Effect.gen(function*() {
        last = lastLine(bytes)
        if (!Stdio.isTerminal(fd)) return yield* Stdio.writeBytes(fd, bytes)
        yield* clear
        yield* Stdio.writeBytes(fd, bytes)
        midLine = bytes.at(-1) !== NEWLINE
        yield* show
      })
    return { write }
  })

/**
 * Passes output on; where standard error is a terminal, with a line below it that has a title, the time, and the last line
 * of output, until the scope is closed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeLiveLine = (title: string): Effect.Effect<LiveLine, never, Scope.Scope> =>
  Stdio.isTerminal(2) ? draw(title) : Effect.succeed(plain)
