/**
 * environ(7) as the C library holds it, for a process that has no `/proc` to ask.
 */
import type { Library, Native } from "./koffi.js"

const POINTER_SIZE = 8

/**
 * All entries, each with its NUL.
 *
 * SAFETY: `environ` is an array of NUL-terminated strings that ends with NULL. Node's main thread is the only one
 * that changes it, and it runs this code.
 */
export const readEnviron = (koffi: Native, libc: Library, strlen: (text: bigint) => number): Uint8Array => {
  const entries: Array<Uint8Array> = []
  const array = koffi.decode(libc.symbol("environ"), 0, "void *")
  // After clearenv(3) there is no array at all.
  if (array === null || array === 0n) return new Uint8Array()
  for (let index = 0;; index++) {
    const entry = koffi.decode(array, index * POINTER_SIZE, "void *")
    if (entry === null || entry === 0n) break
    entries.push(new Uint8Array(koffi.view(entry, strlen(entry) + 1)))
  }
  const block = new Uint8Array(entries.reduce((length, entry) => length + entry.length, 0))
  let offset = 0
  for (const entry of entries) {
    block.set(entry, offset)
    offset += entry.length
  }
  return block
}
