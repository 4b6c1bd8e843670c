/**
 * Environments: what `environ(7)` calls the environment, as text with the surrogate-escape mapping.
 *
 * An environment is a record of own properties. Names from outside can be anything (`__proto__` too), so a
 * record is only ever built by spreading or by `Object.fromEntries`, which define properties, and never by
 * assignment, which would follow a setter.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as CString from "./CString.js"
import * as SurrogateEscape from "./SurrogateEscape.js"

/**
 * Names to values. What was captured may contain names that `EnvironmentName` refuses (an empty one, say): it
 * is passed on as it was.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = Readonly<Record<string, string>>

/**
 * A name that can be told from its value: not empty, no `=`, no NUL.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EnvironmentName = CString.CString.pipe(
  Schema.filter((name) => name !== "" && !name.includes("="), {
    description: "a variable name (not empty, no \"=\")"
  }),
  Schema.brand("EnvironmentName")
)

const isRecord = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

const checkName = ParseResult.decodeUnknownEither(EnvironmentName)
const checkValue = ParseResult.decodeUnknownEither(CString.CString)

/** The one text for its bytes: escaped bytes that are UTF-8 after all become characters. */
const canonical = (text: string): string => SurrogateEscape.decode(SurrogateEscape.encode(text))

/** Every problem of a record of variables, each under the variable's name. */
const checkRecord = (
  input: unknown,
  ast: SchemaAST.AST
): Either.Either<Environment, ParseResult.ParseIssue> => {
  if (!isRecord(input)) return Either.left(new ParseResult.Type(ast, input))
  const variables: Array<readonly [string, string]> = []
  const issues: Array<ParseResult.ParseIssue> = []
  for (const [name, value] of Object.entries(input)) {
    const checked = [checkName(name), checkValue(value)] as const
    for (const part of checked) {
      if (Either.isLeft(part)) issues.push(new ParseResult.Pointer(name, value, part.left))
    }
    const both = Either.all(checked)
    if (Either.isRight(both)) variables.push([canonical(both.right[0]), canonical(both.right[1])])
  }
  return Arr.isNonEmptyReadonlyArray(issues)
    ? Either.left(new ParseResult.Composite(ast, input, issues))
    : Either.right(Object.fromEntries(variables))
}

/**
 * An environment that somebody wrote: every name an `EnvironmentName`, every value a `CString`.
 *
 * Not `Schema.Record`, which assigns the properties of its result and so loses a variable named `__proto__`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EnvironmentRecord: Schema.Schema<Environment> = Schema.declare(
  [],
  {
    decode: () => (input, _, ast) => checkRecord(input, ast),
    encode: () => (input, _, ast) => checkRecord(input, ast)
  },
  { identifier: "Environment", description: "an object of strings" }
)

/** `NAME=value` in two, at the first `=`; nothing when there is none. */
const split = (entry: string): ReadonlyArray<readonly [name: string, value: string]> => {
  const at = entry.indexOf("=")
  return at === -1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]]
}

/** The variables in a list of entries. Of a name that occurs twice the last value counts. */
const fromEntries = (entries: ReadonlyArray<string>): Environment =>
  Object.fromEntries(entries.flatMap(split))

/**
 * The variables in a block of entries that each end with a NUL, such as `/proc/self/environ`. Of a name that occurs
 * twice the first value counts, as with getenv(3).
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromBlock = (block: Uint8Array): Environment => {
  const variables = new Map<string, string>()
  for (const [name, value] of SurrogateEscape.decode(block).split("\0").flatMap(split)) {
    if (!variables.has(name)) variables.set(name, value)
  }
  return Object.fromEntries(variables)
}

/** Variables that a shell makes by itself. */
const SHELLS_OWN = ["PWD", "OLDPWD", "SHLVL", "_"]

/**
 * Splits lines that a wrapper printed ahead of `env -0` from the first entry. That entry is known when it is one
 * that the wrapper was given; or when it is of a variable that must be there, and is in no other record.
 */
const splitFirst = (
  first: string,
  others: ReadonlyArray<string>,
  given: Environment
): ReadonlyArray<string> => {
  const entries = new Set<string>(toEntries(given))
  const missing = new Set([...Object.keys(given), ...SHELLS_OWN])
  for (const [name] of others.flatMap(split)) missing.delete(name)
  const lines = first.split("\n")
  const from = (index: number): string => lines.slice(index).join("\n")
  const known = lines.findIndex((_, index) => entries.has(from(index)))
  const at = known === -1 ? lines.findIndex((line) => split(line).some(([name]) => missing.has(name))) : known
  return at === -1 ? [first] : [...lines.slice(0, at), from(at)]
}

/**
 * The variables in the output of `env -0`, run with the environment `given`; none when there is no NUL in it,
 * since that `env` does not know `-0`. Of a name that occurs twice the last value counts.
 *
 * The root's `env` may be a wrapper that prints lines of its own before or after: no line becomes part of a variable
 * that the wrapper was given, or that shells make. (Of a variable that only the wrapper knows, and that comes first,
 * lines before it cannot be told apart.)
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromNulOutput = (output: Uint8Array, given: Environment): Option.Option<Environment> => {
  const records = SurrogateEscape.decode(output).split("\0")
  if (records.length === 1) return Option.none()
  const [first = "", ...rest] = records.slice(0, -1)
  // What follows the last NUL is no entry of `env -0`.
  const after = (records.at(-1) ?? "").split("\n")
  return Option.some(fromEntries([...splitFirst(first, rest, given), ...rest, ...after]))
}

/**
 * The variables in the output of an `env` that prints lines. Of a name that occurs twice the last value counts.
 * Values with newlines cannot be told apart there: leave them out of the environment that such an `env` is given
 * (see `withoutNewlines`).
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromLines = (output: Uint8Array): Environment =>
  fromEntries(SurrogateEscape.decode(output).split("\n"))

/**
 * The entries `NAME=value` for execve(2), in the order of the record.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toEntries = (environment: Environment): ReadonlyArray<CString.CString> =>
  Object.entries(environment).map(([name, value]) => CString.make(`${name}=${value}`))

/**
 * The variables that survive a print-out in lines: no newline in the name or in the value.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withoutNewlines = (environment: Environment): Environment =>
  Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => !name.includes("\n") && !value.includes("\n"))
  )

/**
 * The value of a variable of the environment's own.
 *
 * @since 0.1.0
 * @category accessors
 */
export const get = (environment: Environment, name: string): string | undefined =>
  Object.hasOwn(environment, name) ? environment[name] : undefined

/**
 * The environment of a step: the container's, overwritten by the chroot's (so that PATH and the like fit the
 * new root), overwritten by the package's (its author has the last word). The inputs are not modified.
 *
 * The order of the arguments is that of Skyhook's `_get_process_env`.
 *
 * @example
 * import { processEnv } from "@chroot-exec/core"
 *
 * const environment = processEnv({ PATH: "/container", A: "1" }, { B: "2" }, { PATH: "/host" })
 * // { PATH: "/host", A: "1", B: "2" }
 *
 * @since 0.1.0
 * @category combinators
 */
export const processEnv = (
  containerEnv: Environment,
  skyhookEnv: Environment,
  chrootEnv: Environment
): Environment => ({ ...containerEnv, ...chrootEnv, ...skyhookEnv })
