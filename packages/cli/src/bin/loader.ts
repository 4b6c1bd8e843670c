/**
 * The entry point of the bundle `agent.cjs`: runs `program.ts`, with V8's code cache where there is one.
 *
 * Compiling takes longer than anything else that a short run does. The build leaves the compiled code beside the
 * bundle, for the Node that built it; any other Node, and one with other flags, compiles the source.
 */
import { readFileSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { Script } from "node:vm"
import type { Invocation } from "../agent/RunMain.js"

/** A bundle: the source of a function, and the name of its code cache. */
interface Bundle {
  readonly source: string
  /** The start of the name. Holds a hash of the source: V8 itself only compares its length. */
  readonly cacheName: string
}

/** The bundle of `program.ts`: a function of `require`, `__filename` and `runFull`. */
declare const PROGRAM: Bundle

/** The bundle of `full.ts` without `sandbox`: a function of `require`, `__filename` and `invocation`. */
declare const FULL_PROGRAM: Bundle

/** The bundle of `full.ts` with it, in a file of its own: reading it would slow everything else down. */
declare const SANDBOX_PROGRAM: { readonly file: string; readonly cacheName: string }

const filename = import.meta.url

/**
 * The cache of the very Node that made it, told by its version and the size of its program: V8 takes a cache from any
 * build of the same V8 release, however patched or configured, and then may crash. Optional: without it the agent only
 * starts more slowly.
 */
const readCache = (name: string): Buffer | undefined => {
  try {
    const { size } = statSync(process.execPath)
    return readFileSync(join(dirname(filename), `${name}-${process.version}-${size}.cache`))
  } catch {
    return undefined
  }
}

const run = ({ cacheName, source }: Bundle, argument: unknown): void => {
  const cachedData = readCache(cacheName)
  const program: unknown = new Script(source, {
    filename,
    ...(cachedData === undefined ? {} : { cachedData })
  }).runInThisContext()
  if (typeof program === "function") {
    Reflect.apply(program, undefined, [createRequire(filename), filename, argument])
  }
}

/** Which one has the command that is called; the word may also be another command's operand, which does no harm. */
const fullProgram = ({ argv }: Invocation): Bundle => {
  if (!argv.includes("sandbox")) return FULL_PROGRAM
  const { cacheName, file } = SANDBOX_PROGRAM
  return { source: readFileSync(join(dirname(filename), file), "utf8"), cacheName }
}

run(PROGRAM, (invocation: Invocation) => run(fullProgram(invocation), invocation))
