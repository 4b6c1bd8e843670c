/**
 * The part of the program that parses any command line, for `program.ts`.
 */
import { runAgent } from "../agent/Agent.js"
import { type Invocation, runMain } from "../agent/RunMain.js"

/** How the program was started, from `program.ts`. */
declare const invocation: Invocation

runMain(runAgent(invocation.argv), invocation)
