/**
 * A step as a stream: that it runs, its lines, how it ended.
 *
 * @since 0.1.0
 */
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as Take from "effect/Take"
import { LineSplitter } from "./internal/lines.js"
import { runStep, type RunStepOptions } from "./RunStep.js"
import type { Step } from "./Step.js"
import type { StepResult } from "./StepResult.js"

/**
 * - `Started`: the step runs as `pid`;
 * - `Line`: it wrote a line (without its newline) to `stream`, whose first byte was read at `time`, in milliseconds since
 *   the epoch. Bytes that are not UTF-8 are kept by the surrogate-escape mapping. A line of more than 1 MiB comes in
 *   pieces;
 * - `Ended`: the last one.
 *
 * @since 0.1.0
 * @category models
 */
export type StepEvent = Data.TaggedEnum<{
  Started: { readonly pid: number }
  Line: { readonly stream: "stdout" | "stderr"; readonly time: number; readonly text: string }
  Ended: { readonly result: StepResult }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const StepEvent = Data.taggedEnum<StepEvent>()

/** So many events wait for a slow reader; then the step waits. */
const CAPACITY = 256

/**
 * Runs a step as its events are asked for. A slow reader slows the step. When the stream is given up the step is ended,
 * as by interruption of `runStep`; it fails as `runStep` does.
 *
 * @since 0.1.0
 * @category operations
 */
export const stepEvents = <E = never, R = never>(
  step: Step,
  options: Omit<RunStepOptions<E, R>, "onStart" | "stderr" | "stdout">
) =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const queue = yield* Effect.acquireRelease(
      Queue.bounded<Take.Take<StepEvent, Effect.Effect.Error<ReturnType<typeof runStep<E, R>>>>>(CAPACITY),
      Queue.shutdown
    )
    const emit = (event: StepEvent) => Effect.asVoid(Queue.offer(queue, Take.of(event)))
    const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() }
    const emitLines = (
      stream: "stdout" | "stderr",
      lines: ReadonlyArray<{ time: number; bytes: Uint8Array }>
    ) =>
      Effect.forEach(
        lines,
        ({ bytes, time }) => emit(StepEvent.Line({ stream, time, text: SurrogateEscape.decode(bytes) })),
        { discard: true }
      )
    const sink = (stream: "stdout" | "stderr") => (bytes: Uint8Array) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => emitLines(stream, splitters[stream].push(bytes, now)))
    const run = Effect.gen(function*() {
      const result = yield* runStep<E, R>(step, {
        ...options,
        onStart: (pid) => emit(StepEvent.Started({ pid })),
        stdout: sink("stdout"),
        stderr: sink("stderr")
      })
      yield* emitLines("stdout", splitters.stdout.end())
      yield* emitLines("stderr", splitters.stderr.end())
      yield* emit(StepEvent.Ended({ result }))
    })
    yield* Effect.forkScoped(run.pipe(
      Effect.matchCauseEffect({
        onFailure: (cause) => Queue.offer(queue, Take.failCause(cause)),
        onSuccess: () => Queue.offer(queue, Take.end)
      })
    ))
    return Stream.flattenTake(Stream.fromQueue(queue))
  }))
