/**
 * Calls of `agent` outside the conformance tables, in a sandbox without a root directory.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { agent, containerEnv } from "./Agent.js"
import * as Child from "./Child.js"
import * as Sandbox from "./Sandbox.js"

/** Somebody without privileges: whoever runs the tests, or nobody when that is root. */
export const nobody: number | undefined = process.getuid?.() === 0 ? 65534 : undefined

export interface Options {
  readonly agent?: string
  /** A command that executes the agent. */
  readonly pre?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly user?: number | undefined
}

export interface Said {
  readonly exit: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** What a child said, as text. */
export const said = ({ exit, signal, stderr, stdout }: Child.Ended): Said => ({
  exit,
  signal,
  stdout: stdout.toString(),
  stderr: stderr.toString()
})

/** Starts `agent` with these arguments, which may have placeholders, in the sandbox. */
export const start = (sandbox: Sandbox.Sandbox, argv: ReadonlyArray<string>, options: Options = {}) =>
  Child.start({
    command: [...options.pre ?? [], options.agent ?? agent, ...argv].map(sandbox.fill),
    env: { ...containerEnv, ...options.env },
    cwd: sandbox.tmp,
    stdin: options.stdin,
    user: options.user
  })

/** Runs `agent` to its end. */
export const call = (sandbox: Sandbox.Sandbox, argv: ReadonlyArray<string>, options: Options = {}) =>
  Effect.scoped(
    Effect.flatMap(
      start(sandbox, argv, options),
      ({ ended, pid }) => Effect.map(ended, (end) => ({ pid, ...said(end) }))
    )
  )

/** Writes a control file: `/` is the working directory and everything else is empty, unless said otherwise. */
export const writeControl = (
  { control, fill }: Sandbox.Sandbox,
  content: { readonly cmd: ReadonlyArray<string> } & Readonly<Record<string, unknown>>
): void => {
  Fs.writeFileSync(control, fill(JSON.stringify({ no_chmod: false, env: {}, copy_dir: "/", ...content })))
}

/** An executable script of the sandbox. */
export const writeScript = (
  { fill }: Sandbox.Sandbox,
  path: string,
  script: string,
  mode = 0o755
): void => Sandbox.writeFile(fill(path), `#!/bin/sh\n${fill(script)}\n`, mode, nobody)
