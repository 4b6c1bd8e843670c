/**
 * The call that waits for a command's end, which is made once its start was answered, and answered once it has ended.
 */
import { Engine } from "@chroot-exec/sandbox/Engine"
import type { EngineError } from "@chroot-exec/sandbox/SandboxError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** An engine whose call is what `change` makes of it. */
export const withWait = <E>(
  engine: Layer.Layer<Engine, E>,
  change: (wait: Effect.Effect<number, EngineError>) => Effect.Effect<number, EngineError>
): Layer.Layer<Engine, E> =>
  Layer.map(engine, (context) => {
    const operations = Context.get(context, Engine)
    return Context.make(Engine, {
      ...operations,
      containerWait: (name) => change(operations.containerWait(name))
    })
  })
