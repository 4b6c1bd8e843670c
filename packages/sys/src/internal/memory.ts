/**
 * Buffers laid out for the C library.
 */
import type { CString } from "@chroot-exec/core/CString"
import type { SignalSet } from "@chroot-exec/core/Signal"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import type { Native } from "./koffi.js"

/** `const char *`: the text's bytes and a NUL. */
export const cString = (text: CString): Uint8Array => {
  const bytes = SurrogateEscape.encode(text)
  const terminated = new Uint8Array(bytes.length + 1)
  terminated.set(bytes)
  return terminated
}

/** `char *const []`: pointers to the texts and a NULL, with the bytes that they point to. */
export interface StringArray {
  readonly pointers: BigUint64Array
  readonly bytes: Uint8Array
}

/**
 * An array of strings for execve(2).
 *
 * SAFETY: `pointers` holds addresses within `bytes`: keep the whole object until the call has returned. The memory
 * of a buffer does not move.
 */
export const stringArray = (koffi: Native, texts: ReadonlyArray<CString>): StringArray => {
  const strings = texts.map(cString)
  // Never empty, so that it has an address.
  const bytes = new Uint8Array(strings.reduce((length, string) => length + string.length, 1))
  const pointers = new BigUint64Array(strings.length + 1)
  const base = koffi.address(bytes)
  let offset = 0
  for (const [index, string] of strings.entries()) {
    pointers[index] = base + BigInt(offset)
    bytes.set(string, offset)
    offset += string.length
  }
  return { pointers, bytes }
}

/** `sigset_t`: 128 bytes in glibc and in musl, of which the kernel knows the first 8. */
export const sigset = (signals: SignalSet): Uint8Array => {
  const set = new BigUint64Array(16)
  set[0] = signals
  return new Uint8Array(set.buffer)
}
