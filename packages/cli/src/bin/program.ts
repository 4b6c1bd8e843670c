/**
 * The program `agent`: from the process's arguments to its end.
 *
 * The usual call, `agent chroot-exec <control-file> <chroot-dir>`, needs no parser, and loading `@effect/cli` takes
 * longer than Node's own start. So this file is bundled without it; `full.ts`, which parses everything else, is
 * source that is compiled only when it is needed.
 */
import { parseLauncherRecord } from "@chroot-exec/core/Inherited"
import * as Option from "effect/Option"
import { readFileSync } from "node:fs"
import { type Invocation, runMain } from "../agent/RunMain.js"
import * as ChrootExec from "../chroot-exec/ChrootExec.js"
import * as Argv from "../shared/Argv.js"

/** Compiles and runs `full.ts`. The loader's. */
declare const runFull: (invocation: Invocation) => void

const DIE_WITH_PARENT = "--die-with-parent"

/** What a launcher asks for, in its spelling. */
const isLaunchers = (option: string): boolean =>
  option === DIE_WITH_PARENT || Option.isSome(Argv.reportFd([option]))

/** `chroot-exec` with its two operands and nothing that needs a parser. */
const isPlain = ([command, ...rest]: ReadonlyArray<string>): boolean => {
  const [options, operands] = [rest.slice(0, -2), rest.slice(-2)]
  const names = new Set(options.map((option) => option.replace(/=.*/s, "")))
  return command === "chroot-exec" && operands.length === 2
    && operands.every((operand) => !operand.startsWith("-"))
    && options.every(isLaunchers) && names.size === options.length
}

const invocation = (argv: ReadonlyArray<string>): Invocation => {
  const launcher = Option.flatMap(Option.fromNullable(argv[0]), parseLauncherRecord)
  const rest = Option.isSome(launcher) ? argv.slice(1) : argv
  return { argv: Argv.restoreBytes(rest, () => readFileSync("/proc/self/cmdline")), launcher }
}

const main = (started: Invocation): void => {
  const [controlFile = "", chrootDir = ""] = started.argv.slice(-2)
  const request = {
    controlFile,
    chrootDir,
    dieWithParent: started.argv.includes(DIE_WITH_PARENT),
    reportFd: Argv.reportFd(started.argv)
  }
  if (isPlain(started.argv)) runMain(ChrootExec.run(request), started)
  else runFull(started)
}

main(invocation(process.argv.slice(2)))
