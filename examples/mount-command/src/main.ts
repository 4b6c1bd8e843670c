/**
 * `toolbox`: a program with commands of its own that has `chroot-exec` among them.
 *
 *     toolbox greet
 *     toolbox chroot-exec [--dry-run] <control-file> <chroot-dir>
 */
import { Argv, chrootExecCommand, exitCode } from "@chroot-exec/cli"
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

const greet = Command.make("greet", {}, () => Console.log("Hello from the toolbox"))

const toolbox = Command.make("toolbox").pipe(Command.withSubcommands([greet, chrootExecCommand]))

/** A usage error that `@effect/cli` has already explained on standard error. */
const USAGE = 125

// Once the step has started there is nothing left to do here: the process has become the step.
const program = Command.run(toolbox, { name: "toolbox", version: "1.0.0" })([
  ...process.argv.slice(0, 2),
  ...Argv.normalize(process.argv.slice(2))
]).pipe(
  Effect.as(0),
  Effect.catchAll((error) =>
    ValidationError.isValidationError(error)
      ? Effect.succeed(USAGE)
      : Effect.as(Console.error(`toolbox: ${error.message}`), exitCode(error))
  ),
  Effect.provide(NodeContext.layer)
)

Effect.runPromise(program).then(
  (code) => process.exit(code),
  (defect: unknown) => {
    process.stderr.write(`toolbox: internal error: ${String(defect)}\n`)
    process.exit(USAGE)
  }
)
