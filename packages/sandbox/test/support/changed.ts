/**
 * An engine that differs from another in some of its operations.
 */
import { Engine, type EngineOperations } from "@chroot-exec/sandbox/Engine"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export const changed = <E>(
  engine: Layer.Layer<Engine, E>,
  change: (operations: EngineOperations) => Partial<EngineOperations>
): Layer.Layer<Engine, E> =>
  Layer.map(engine, (context) => {
    const operations = Context.get(context, Engine)
    return Context.make(Engine, { ...operations, ...change(operations) })
  })
