/**
 * The part of the program that parses any command line, for `program.ts`.
 */
import { runAgent } from "../Agent.js"
import { type Invocation, runMain } from "../RunMain.js"

/** How the program was started, from `program.ts`. */
declare const invocation: Invocation

runMain(runAgent(invocation.argv), invocation)
