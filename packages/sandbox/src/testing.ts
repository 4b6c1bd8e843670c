/**
 * An `Engine` for tests that reaches no daemon: it keeps one ordered record of all calls, answers from a small made-up
 * daemon, and fails wherever it is told to.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Engine, type EngineOperations } from "./Engine.js"
import { engineError, type EngineFailure, engineUnreachable, type Operation } from "./EngineError.js"
import * as Simulated from "./internal/simulated.js"

/**
 * One call, as it was made. Streams and secrets among the arguments are left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly operation: Operation
  readonly args: ReadonlyArray<unknown>
}

/**
 * Where to fail, and with what: at the `nth` call (from 1) of all, or of one operation; at every one when `nth` is left
 * out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  readonly operation?: Operation
  readonly nth?: number
  readonly failure: (operation: Operation) => EngineFailure
}

/**
 * A call, counted among all, that is never answered. It has done nothing; `reached` is done once it is made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Silence {
  readonly nth: number
  readonly reached: Deferred.Deferred<void>
}

/**
 * The daemon answers with this HTTP status.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refusal = (status: number): Fault["failure"] => (operation) =>
  engineError(operation, { reason: "Refused", status, detail: "made up" })

/**
 * The connection is lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lostConnection: Fault["failure"] = (operation) => engineUnreachable(operation, "made up")

/**
 * The made-up daemon.
 *
 * @since 0.1.0
 * @category models
 */
export type World = Simulated.World

/**
 * The record, the names of what is left in the daemon, and the Layer that fills them. They belong to the Layer's user: a
 * new recorder for each test.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recorder {
  readonly calls: ReadonlyArray<Call>
  readonly left: () => ReadonlyArray<string>
  /** What standard input got. */
  readonly input: () => string
  /** The archives that were put into containers. */
  readonly archives: ReadonlyArray<Uint8Array>
  readonly layer: Layer.Layer<Engine>
}

/**
 * A recorder of calls to a made-up daemon, with at most one fault, or one call that is never answered. A call
 * that fails has done nothing.
 *
 * @example
 * import { runOnce } from "@chroot-exec/sandbox"
 * import * as EngineRecorder from "@chroot-exec/sandbox/testing"
 * import * as Effect from "effect/Effect"
 *
 * const recorder = EngineRecorder.make({ exitCode: 3 })
 * const run = runOnce({ image: "image", command: ["make", "test"] })
 * // { exitCode: Some(3), ... }; recorder.calls has every call, recorder.left() is []
 * const result = Effect.runPromise(Effect.provide(run, recorder.layer))
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (world: World = {}, fault?: Fault | Silence): Recorder => {
  const calls: Array<Call> = []
  const input: Array<Uint8Array> = []
  const archives: Array<Uint8Array> = []
  const things = new Map(
    [...world.containers ?? [], ...world.volumes ?? []].map(({ id, labels }) => [id, labels])
  )
  const daemon = Simulated.simulate(world, things, input, archives)

  const failing = (operation: Operation): EngineFailure | undefined => {
    if (fault === undefined || "reached" in fault || (fault.operation ?? operation) !== operation) {
      return undefined
    }
    const counted = fault.operation === undefined
      ? calls
      : calls.filter((call) => call.operation === operation)
    return counted.length === (fault.nth ?? counted.length)
      ? fault.failure(operation)
      : undefined
  }

  /** The error that the call fails with, if any, once it is recorded. */
  const record = (
    operation: Operation,
    args: ReadonlyArray<unknown>
  ): Effect.Effect<void, EngineFailure> =>
    Effect.suspend(() => {
      calls.push({ operation, args })
      if (fault !== undefined && "reached" in fault && calls.length === fault.nth) {
        return Effect.zipRight(Deferred.succeed(fault.reached, undefined), Effect.never)
      }
      const failure = failing(operation)
      return failure === undefined ? Effect.void : Effect.fail(failure)
    })

  const engine: EngineOperations = {
    imageInspect: (...args) => Effect.zipRight(record("imageInspect", args), daemon.imageInspect(...args)),
    imageCreate: (image, credentials) =>
      Stream.concat(
        Stream.drain(Stream.fromEffect(record("imageCreate", [image, Option.isSome(credentials)]))),
        daemon.imageCreate(image, credentials)
      ),
    containerList: (...args) => Effect.zipRight(record("containerList", args), daemon.containerList(...args)),
    volumeList: (...args) => Effect.zipRight(record("volumeList", args), daemon.volumeList(...args)),
    volumeCreate: (...args) => Effect.zipRight(record("volumeCreate", args), daemon.volumeCreate(...args)),
    volumeDelete: (...args) => Effect.zipRight(record("volumeDelete", args), daemon.volumeDelete(...args)),
    containerCreate: (...args) =>
      Effect.zipRight(record("containerCreate", args), daemon.containerCreate(...args)),
    containerAttach: (...args) =>
      Effect.zipRight(record("containerAttach", args), daemon.containerAttach(...args)),
    containerStart: (...args) =>
      Effect.zipRight(record("containerStart", args), daemon.containerStart(...args)),
    containerWait: (...args) => Effect.zipRight(record("containerWait", args), daemon.containerWait(...args)),
    containerKill: (...args) => Effect.zipRight(record("containerKill", args), daemon.containerKill(...args)),
    containerLogs: (...args) =>
      Stream.concat(
        Stream.drain(Stream.fromEffect(record("containerLogs", args))),
        daemon.containerLogs(...args)
      ),
    containerInspect: (...args) =>
      Effect.zipRight(record("containerInspect", args), daemon.containerInspect(...args)),
    containerStats: (...args) =>
      Stream.concat(
        Stream.drain(Stream.fromEffect(record("containerStats", args))),
        daemon.containerStats(...args)
      ),
    containerDelete: (...args) =>
      Effect.zipRight(record("containerDelete", args), daemon.containerDelete(...args)),
    containerArchiveInfo: (...args) =>
      Effect.zipRight(record("containerArchiveInfo", args), daemon.containerArchiveInfo(...args)),
    containerArchive: (...args) =>
      Stream.concat(
        Stream.drain(Stream.fromEffect(record("containerArchive", args))),
        daemon.containerArchive(...args)
      ),
    putContainerArchive: (name, path, archive) =>
      Effect.zipRight(
        record("putContainerArchive", [name, path]),
        daemon.putContainerArchive(name, path, archive)
      )
  }
  return {
    calls,
    archives,
    left: () => [...things.keys()],
    input: () => Buffer.concat(input).toString(),
    layer: Layer.succeed(Engine, { ...engine, socket: Option.none() })
  }
}
