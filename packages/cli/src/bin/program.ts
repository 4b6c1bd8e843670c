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
import { plainRequest } from "../chroot-exec/LauncherOptions.js"
import * as Argv from "../shared/Argv.js"

/** Compiles and runs `full.ts`. The loader's. */
declare const runFull: (invocation: Invocation) => void

const invocation = (argv: ReadonlyArray<string>): Invocation => {
  const launcher = Option.flatMap(Option.fromNullable(argv[0]), parseLauncherRecord)
  const rest = Option.isSome(launcher) ? argv.slice(1) : argv
  return { argv: Argv.restoreBytes(rest, () => readFileSync("/proc/self/cmdline")), launcher }
}

const main = (started: Invocation): void =>
  Option.match(plainRequest(started.argv), {
    onNone: () => runFull(started),
    onSome: (request) => runMain(ChrootExec.run(request), started)
  })

main(invocation(process.argv.slice(2)))
