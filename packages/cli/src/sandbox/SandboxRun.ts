/**
 * What `agent sandbox run` and `agent sandbox sweep` do, without their command line.
 *
 * @since 0.1.0
 */
import * as EngineLive from "@chroot-exec/sandbox/EngineLive"
import type { Job } from "@chroot-exec/sandbox/Job"
import * as RegistryAuth from "@chroot-exec/sandbox/RegistryAuth"
import * as Requests from "@chroot-exec/sandbox/Requests"
import type { Event, Result } from "@chroot-exec/sandbox/Result"
import { type Finished, runJob } from "@chroot-exec/sandbox/RunOnce"
import { sweep } from "@chroot-exec/sandbox/Sweep"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { ArtifactUnwritable } from "../shared/AgentError.js"
import { CLEAR_LINE, columns } from "../shared/LiveLine.js"
import { orTerminated } from "../shared/Signals.js"
import * as Stdio from "../shared/Stdio.js"
import { StepCommand } from "../shared/StepCommand.js"
import { type SandboxOptions, toJob } from "./SandboxInput.js"
import * as SandboxReport from "./SandboxReport.js"

/** The daemon and the credentials that the agent's own environment means. */
const docker = Layer.unwrapEffect(Effect.sync(() => {
  const env = process.env
  return Layer.merge(EngineLive.layer(env), RegistryAuth.layer(env))
}))

const print = (job: Job, form: "text" | "json") => {
  const request = Requests.toJson(Requests.example(job))
  return Console.log(form === "json" ? JSON.stringify(request) : JSON.stringify(request, null, 2))
}

/** Output goes where the command's own would have gone, progress to a terminal only. */
const show = (event: Event, quiet: boolean) => {
  if (event._tag === "Output") {
    return quiet ? Effect.void : Stdio.writeBytes(event.stream === "stdout" ? 1 : 2, event.bytes)
  }
  return Stdio.isTerminal(2)
    ? Stdio.writeBytes(2, Buffer.from(SandboxReport.progressLine(event, columns())))
    : Effect.void
}

const runJobLive = (job: Job, quiet: boolean) => {
  let pulling = false
  const clear = Effect.suspend(() => {
    const wasPulling = pulling
    pulling = false
    return wasPulling && Stdio.isTerminal(2)
      ? Stdio.writeBytes(2, Buffer.from(CLEAR_LINE))
      : Effect.void
  })
  return runJob(job).pipe(
    Stream.runFoldEffect(Option.none<Result>(), (_, event: Event | Finished) => {
      if (event._tag === "Finished") return Effect.as(clear, Option.some(event.result))
      if (event._tag === "Output") return Effect.zipRight(clear, Effect.as(show(event, quiet), Option.none()))
      pulling = true
      return Effect.as(show(event, quiet), Option.none())
    }),
    Effect.onError(() => Effect.ignore(clear))
  )
}

/** The files under their whole paths, so that none is in the place of another. Never executable. */
const writeArtifacts = (files: Result["artifacts"]["files"], place: (path: string) => string) =>
  Effect.forEach(files, ([path, bytes]) =>
    Effect.try({
      try: () => {
        mkdirSync(dirname(place(path)), { recursive: true })
        writeFileSync(place(path), bytes, { mode: 0o644 })
      },
      catch: (error) => new ArtifactUnwritable({ path: place(path), code: Stdio.codeOf(error) })
    }), { discard: true })

/**
 * Runs the command behind `--` as the options say, and makes its exit code the agent's.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (options: SandboxOptions) =>
  Effect.gen(function*() {
    const job = yield* toJob(options, yield* StepCommand)
    if (Option.isSome(options.dryRun)) return yield* print(job, options.dryRun.value)
    const finished = yield* runJobLive(job, options.json).pipe(
      orTerminated("sandbox run"),
      Effect.provide(docker)
    )
    // The stream ends with a result or fails.
    const result = yield* Effect.orDie(finished)
    const place = Option.getOrUndefined(Option.map(options.out, (out) => (path: string) => join(out, path)))
    if (place !== undefined) yield* writeArtifacts(result.artifacts.files, place)
    for (const note of SandboxReport.notes(result, job.limits)) Stdio.writeErrorLine(`agent: ${note}`)
    if (options.json) yield* Stdio.writeOutput(`${SandboxReport.toJson(result, place)}\n`)
    process.exitCode = SandboxReport.exitCode(result)
  })

/**
 * Removes what killed processes left, and prints it.
 *
 * @since 0.1.0
 * @category operations
 */
export const sweepAll = Effect.gen(function*() {
  const { containers, volumes } = yield* sweep.pipe(orTerminated("sandbox sweep"), Effect.provide(docker))
  const lines = [
    ...containers.map((id) => `container ${id}\n`),
    ...volumes.map((name) => `volume ${name}\n`)
  ]
  yield* Stdio.writeOutput(lines.join(""))
})
