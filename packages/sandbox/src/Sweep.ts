/**
 * Removing what processes left that were killed before they could do it themselves.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Engine, type Labelled } from "./Engine.js"
import { type EngineFailure, hasStatus } from "./EngineError.js"
import { isDead, OWNER_LABEL } from "./Owner.js"

/**
 * What was removed: ids of containers, names of volumes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Swept {
  readonly containers: ReadonlyArray<string>
  readonly volumes: ReadonlyArray<string>
}

/** Gone, or about to be: somebody else sweeps, too. */
const isBeingRemoved = hasStatus(404, 409)

const removeDead = (
  found: ReadonlyArray<Labelled>,
  local: boolean,
  remove: (id: string) => Effect.Effect<void, EngineFailure>
): Effect.Effect<ReadonlyArray<string>, EngineFailure> =>
  Effect.gen(function*() {
    const dead = yield* Effect.filter(found, ({ labels }) => isDead(labels, local))
    const removed = yield* Effect.forEach(dead, ({ id }) =>
      remove(id).pipe(
        Effect.as(Option.some(id)),
        Effect.catchIf(isBeingRemoved, () => Effect.succeedNone)
      ))
    return Arr.getSomes(removed)
  })

/**
 * Removes the containers and volumes of ours whose process has ended, never those of a living one or of another host.
 * Fails with an `EngineFailure`.
 *
 * @since 0.1.0
 * @category operations
 */
export const sweep: Effect.Effect<Swept, EngineFailure, Engine> = Effect.gen(function*() {
  const engine = yield* Engine
  const local = Option.isSome(engine.socket)
  const containers = yield* removeDead(
    yield* engine.containerList(OWNER_LABEL),
    local,
    engine.containerDelete
  )
  const volumes = yield* removeDead(yield* engine.volumeList(OWNER_LABEL), local, engine.volumeDelete)
  return { containers, volumes }
}).pipe(Effect.withSpan("Sandbox.sweep"))
