/**
 * The entry point of the bundle `agent.cjs`: runs `program.ts`, with V8's code cache where there is one.
 *
 * Compiling takes longer than anything else that a short run does. The build leaves the compiled code beside the
 * bundle, for the Node that built it; any other Node, and one with other flags, compiles the source.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { Script } from "node:vm"

/** The bundle of `program.ts`: a function of `require`, `__filename` and `fullProgram`, as source. */
declare const PROGRAM: string

/** The bundle of `full.ts`, likewise. */
declare const FULL_PROGRAM: string

/** The start of the name, made of the content of `PROGRAM`: V8 itself only compares its length. */
declare const CACHE_NAME: string

const cachedData = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path)
  } catch {
    // Optional: without it the agent only starts more slowly.
    return undefined
  }
}

const filename = import.meta.url
// The very Node that made it: V8 takes it from any Node of the same V8 release, however patched, and may then crash.
const cacheName = `${CACHE_NAME}-${process.version}-${process.arch}.cache`
const data = cachedData(join(dirname(filename), cacheName))
const run: unknown = new Script(PROGRAM, {
  filename,
  ...(data === undefined ? {} : { cachedData: data })
}).runInThisContext()
if (typeof run === "function") {
  Reflect.apply(run, undefined, [createRequire(filename), filename, FULL_PROGRAM])
}
