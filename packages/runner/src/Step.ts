/**
 * A step of a package, as Skyhook's configuration has it, and the control file that it comes to.
 *
 * @since 0.1.0
 */
import type { ControlFile } from "@chroot-exec/core/ControlFile"
import * as CString from "@chroot-exec/core/CString"
import { type Environment, EnvironmentRecord, get } from "@chroot-exec/core/Environment"
import * as Problems from "@chroot-exec/core/Problems"
import { quote } from "@chroot-exec/core/Quote"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/** What a path that must not leave its directory consists of. */
const isInside = (path: string): boolean =>
  !path.startsWith("/") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")

/**
 * A path below a directory: relative, without empty parts, `.` and `..`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RelativePath = CString.CString.pipe(
  Schema.filter(isInside, { description: "a relative path without empty parts, \".\" or \"..\"" }),
  Schema.brand("RelativePath")
)

/**
 * @since 0.1.0
 * @category models
 */
export type RelativePath = typeof RelativePath.Type

/**
 * - `path`: the command, below `{copyDir}/skyhook_dir`;
 * - `arguments`: `env:NAME` stands for the value of a variable of the container's environment;
 * - `returncodes`: the exit codes that mean success, 0 unless given;
 * - `env`: variables for the step;
 * - `no_chmod`: leave the command's mode as it is.
 *
 * Other fields of Skyhook's steps are its controller's, and ignored here.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Step = Schema.Struct({
  path: RelativePath,
  arguments: Schema.optionalWith(Schema.Array(CString.CString), { default: () => [] }),
  returncodes: Schema.optionalWith(
    Schema.NonEmptyArray(Schema.Int.pipe(
      Schema.between(0, 255),
      Schema.annotations({ description: "an exit code from 0 to 255" })
    )),
    { default: () => Arr.of(0) }
  ),
  env: Schema.optionalWith(EnvironmentRecord, { default: () => ({}) }),
  no_chmod: Schema.optionalWith(Schema.Boolean, { default: () => false })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Step = typeof Step.Type

/**
 * It is not a step. `problems` holds all that is wrong with it, and no value from it.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepInvalid extends Schema.TaggedError<StepInvalid>()("StepInvalid", {
  problems: Schema.NonEmptyArray(Schema.Struct({ path: Schema.String, problem: Schema.String }))
}) {
  override get message(): string {
    return `step: ${this.problems.map(Problems.toSentence).join("; ")}`
  }
}

/**
 * Arguments ask for variables that the environment does not have: all of them.
 *
 * @since 0.1.0
 * @category errors
 */
export class MissingVariables extends Schema.TaggedError<MissingVariables>()("MissingVariables", {
  step: Schema.String,
  names: Schema.NonEmptyArray(Schema.String)
}) {
  override get message(): string {
    return `step ${quote(this.step)}: its arguments ask for variables that are not set: ${
      this.names.map(quote).join(", ")
    }; set them for the agent`
  }
}

const decodeUnknown = ParseResult.decodeUnknownEither(Step, { errors: "all" })

/**
 * A step from data, or everything that is wrong with it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeStep = (input: unknown): Either.Either<Step, StepInvalid> =>
  Either.mapLeft(decodeUnknown(input), (issue) => {
    const [first = { path: "", problem: "is not a step" }, ...rest] = Problems.fromIssue(issue)
    return new StepInvalid({ problems: [first, ...rest] })
  })

const PREFIX = "env:"

/** The value that an argument stands for, or the name that is not set. */
const resolve = (
  argument: CString.CString,
  environment: Environment
): Either.Either<CString.CString, string> => {
  if (!argument.startsWith(PREFIX)) return Either.right(argument)
  const name = argument.slice(PREFIX.length)
  const value = get(environment, name)
  return value === undefined ? Either.left(name) : Either.right(CString.make(value))
}

/**
 * What is executed: the step below `{copyDir}/skyhook_dir`, in `copyDir`, with `STEP_ROOT` and `SKYHOOK_DIR` set as
 * Skyhook does. `environment` is the container's, for arguments that ask for a variable.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toControlFile = (
  step: Step,
  { copyDir, environment }: { readonly copyDir: CString.AbsolutePath; readonly environment: Environment }
): Either.Either<ControlFile, MissingVariables> => {
  const stepRoot = `${copyDir}/skyhook_dir`
  const [missing, argv] = Arr.partitionMap(step.arguments, (argument) => resolve(argument, environment))
  if (Arr.isNonEmptyArray(missing)) {
    return Either.left(new MissingVariables({ step: step.path, names: Arr.dedupe(missing) }))
  }
  return Either.right({
    cmd: [CString.make(`${stepRoot}/${step.path}`), ...argv],
    no_chmod: step.no_chmod,
    env: { ...step.env, STEP_ROOT: stepRoot, SKYHOOK_DIR: copyDir },
    copy_dir: copyDir
  })
}
