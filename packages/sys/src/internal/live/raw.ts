/**
 * Calls that are made as the kernel takes them: they are about the calling thread alone, which the C library's are not.
 */
import * as Effect from "effect/Effect"
import { Fd } from "../../Brands.js"
import type { LibcOperations } from "../../Libc.js"
import { Memory } from "../memoryImage.js"
import { toWord } from "../program.js"
import { type Perform, threadCalls } from "../rawCalls.js"
import { syscallNumber } from "../syscallNumbers.js"
import type { Calls } from "./calls.js"

type Operations = ReturnType<typeof threadCalls<Fd>> & Pick<LibcOperations, "becomeInit">

const ARGUMENTS = 6

export const rawOperations = ({ call, koffi, libc }: Calls): Operations => {
  const perform: Perform<Fd> = (operation, name, values, { ignored = [] } = {}) =>
    Effect.suspend(() => {
      const memory = new Memory()
      const words = values(memory)
      // Never empty, so that it has an address; and there until the call has returned.
      const bytes = new Uint8Array(memory.size + 1)
      const base = koffi.address(bytes)
      memory.writeTo(new DataView(bytes.buffer), 0, base)
      const typed = Array.from({ length: ARGUMENTS }, (_, index) => ["long", toWord(words[index] ?? 0, base)])
      return call(operation, () => libc.syscall(syscallNumber(name), ...typed.flat()), () => {
        // Read after the call: so much of it is alive until then.
        bytes.fill(0)
        return Fd.make(0)
      })
    }).pipe(
      Effect.catchIf(({ errno }) => ignored.includes(errno), () => Effect.succeed(Fd.make(0)))
    )
  return {
    ...threadCalls(perform),
    // The next child of this thread is.
    becomeInit: () => Effect.void
  }
}
