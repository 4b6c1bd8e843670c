/**
 * What a Schema found wrong, for people, without showing what it looked at: values may be secrets.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as SchemaAST from "effect/SchemaAST"
import { quote } from "./Quote.js"

/**
 * One thing that is wrong: where (`env.PATH`, empty for the whole) and what.
 *
 * @since 0.1.0
 * @category models
 */
export interface Problem {
  readonly path: string
  readonly problem: string
}

/** With its article, as in: not a number. */
const kindOf = (value: unknown): string => {
  if (value === null) return "null"
  if (Array.isArray(value)) return "a list"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

/** What a schema wants: its own description, else the kind of value. */
const expectation = (ast: SchemaAST.AST): string => {
  if (SchemaAST.isStringKeyword(ast)) return "a string"
  if (SchemaAST.isTypeLiteral(ast)) return "an object"
  if (SchemaAST.isTupleType(ast)) return "a list"
  return Option.getOrElse(SchemaAST.getDescriptionAnnotation(ast), () => String(ast))
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * One step of a path. A name with `=` in it may carry a value behind it and ends there; anything but a plain
 * name is quoted as JSON, so that no control character reaches a terminal.
 */
const segment = (key: PropertyKey): string => {
  if (typeof key === "number") return `[${key}]`
  const name = String(key)
  if (IDENTIFIER.test(name)) return `.${name}`
  const equals = name.indexOf("=")
  return `[${quote(equals === -1 ? name : `${name.slice(0, equals)}=...`)}]`
}

const formatPath = (path: ReadonlyArray<PropertyKey>): string => path.map(segment).join("").replace(/^\./, "")

const keysOf = (path: ParseResult.Path): ReadonlyArray<PropertyKey> =>
  typeof path === "object" ? path : [path]

/** That something optional is not left out is no problem of it. */
const isAbsence = (issue: ParseResult.ParseIssue): boolean =>
  issue._tag === "Type" && SchemaAST.isUndefinedKeyword(issue.ast)

const children = ({ issues }: ParseResult.Composite): ReadonlyArray<ParseResult.ParseIssue> => {
  const all = "_tag" in issues ? [issues] : issues
  const others = all.filter((issue) => !isAbsence(issue))
  return others.length > 0 ? others : all
}

/**
 * A problem as a sentence: `env.A must be a string, not a number`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toSentence = ({ path, problem }: Problem): string => path === "" ? problem : `${path} ${problem}`

/** What a filter that looks at several fields said itself, where it did. */
const own = (issue: ParseResult.ParseIssue): string | undefined =>
  issue._tag === "Type" ? issue.message : undefined

/**
 * All problems of an issue, in the order of the fields.
 *
 * A filter is told by its description, "must be ..."; a message of its own, which must show no value, counts more.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromIssue = (
  issue: ParseResult.ParseIssue,
  path: ReadonlyArray<PropertyKey> = []
): ReadonlyArray<Problem> => {
  const leaf = (problem: string): ReadonlyArray<Problem> => [{ path: formatPath(path), problem }]
  switch (issue._tag) {
    case "Pointer":
      return fromIssue(issue.issue, [...path, ...keysOf(issue.path)])
    case "Composite":
      return children(issue).flatMap((child) => fromIssue(child, path))
    case "Missing":
      return leaf("is missing")
    case "Refinement":
      if (issue.kind === "From" || issue.issue._tag !== "Type") return fromIssue(issue.issue, path)
      return leaf(own(issue.issue) ?? `must be ${expectation(issue.ast)}`)
    case "Transformation":
      return fromIssue(issue.issue, path)
    case "Type":
      return leaf(own(issue) ?? `must be ${expectation(issue.ast)}, not ${kindOf(issue.actual)}`)
    case "Unexpected":
      return leaf("is not known")
    case "Forbidden":
      return leaf("cannot be decided here")
  }
}
