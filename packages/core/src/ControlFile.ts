/**
 * The control file: what a step is, as Skyhook's agent writes it for `agent chroot-exec`.
 *
 *     { "cmd": ["/path/to/step.sh", "argument"], "no_chmod": false, "env": { "NAME": "value" }, "copy_dir": "/dir" }
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { AbsolutePath, CString } from "./CString.js"
import { EnvironmentRecord } from "./Environment.js"
import * as Problems from "./Problems.js"
import { quote } from "./Quote.js"
import * as SurrogateEscape from "./SurrogateEscape.js"

/**
 * The command as it is found: a path, or a name to look up on PATH.
 */
const Command = CString.pipe(
  Schema.filter((command) => command !== "", { description: "a path or a name, not empty" })
)

/**
 * - `cmd`: the command, then its arguments;
 * - `no_chmod`: leave the command's mode as it is;
 * - `env`: the package's variables, which win over all others;
 * - `copy_dir`: the step's working directory, an absolute path inside the root.
 *
 * Keys that are not known are ignored.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ControlFile = Schema.Struct({
  cmd: Schema.Tuple([Command], CString),
  no_chmod: Schema.Boolean.annotations({ description: "true or false" }),
  env: EnvironmentRecord,
  copy_dir: AbsolutePath
})

/**
 * @since 0.1.0
 * @category models
 */
export type ControlFile = typeof ControlFile.Type

/**
 * The control file was read but does not describe a step. `problems` holds all that is wrong with it, each
 * with its path in the file and never with a value from it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ControlFileInvalid extends Schema.TaggedError<ControlFileInvalid>()("ControlFileInvalid", {
  file: Schema.String,
  problems: Schema.NonEmptyArray(Schema.Struct({ path: Schema.String, problem: Schema.String }))
}) {
  override get message(): string {
    const problems = this.problems.map(Problems.toSentence)
    return `control file${this.file === "" ? "" : ` ${quote(this.file)}`}: ${problems.join("; ")}`
  }
}

/** Where V8 says that JSON stops making sense; its message itself quotes the text and is not passed on. */
const syntaxProblem = (text: string, error: unknown): string => {
  const position = error instanceof SyntaxError
    ? / (?:in|after) JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(error.message)?.[1]
    : undefined
  if (position === undefined) return "is not valid JSON"
  const before = text.slice(0, Number(position)).split("\n")
  return `is not valid JSON at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

const parse = (text: string): Either.Either<unknown, string> =>
  text.startsWith("\ufeff")
    ? Either.left("begins with a byte order mark, which JSON does not have")
    : parseJson(text)

const parseJson = (text: string): Either.Either<unknown, string> =>
  Either.try({ try: (): unknown => JSON.parse(text), catch: (error) => syntaxProblem(text, error) })

const toText = (content: string | Uint8Array): Either.Either<string, string> => {
  if (typeof content === "string") return Either.right(content)
  const text = SurrogateEscape.decode(content)
  return SurrogateEscape.hasEscapes(text) ? Either.left("is not UTF-8") : Either.right(text)
}

const decodeUnknown = ParseResult.decodeUnknownEither(ControlFile, { errors: "all" })

/**
 * The control file in `content` (JSON, in UTF-8 when given as bytes), or everything that is wrong with it.
 *
 * `file` names it in the error, when given. Duplicate keys: the last one counts, as with Python's `json.load`.
 *
 * @example
 * import { decodeControlFile } from "@chroot-exec/core"
 * import * as Either from "effect/Either"
 *
 * const refused = decodeControlFile(`{ "cmd": [], "no_chmod": false, "env": { "A": 1 } }`, "c.json")
 * Either.isLeft(refused) && refused.left.message
 * // control file "c.json": cmd[0] is missing; env.A must be a string, not a number; copy_dir is missing
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeControlFile = (
  content: string | Uint8Array,
  file = ""
): Either.Either<ControlFile, ControlFileInvalid> =>
  toText(content).pipe(
    Either.flatMap(parse),
    Either.mapLeft((problem) => new ControlFileInvalid({ file, problems: [{ path: "", problem }] })),
    Either.flatMap((json) =>
      Either.mapLeft(decodeUnknown(json), (issue) => {
        const [first = { path: "", problem: "is not a control file" }, ...rest] = Problems.fromIssue(issue)
        return new ControlFileInvalid({ file, problems: [first, ...rest] })
      })
    )
  )
