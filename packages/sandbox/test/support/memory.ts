/**
 * Memory that is in use.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collectGarbage: unknown = runInNewContext("gc")
if (typeof collectGarbage !== "function") throw new Error("this Node cannot be told to collect garbage")
const collect = collectGarbage

/** Bytes on the heap and beside it, garbage left out. */
export const memoryInUse = (): number => {
  Reflect.apply(collect, undefined, [])
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed
}
