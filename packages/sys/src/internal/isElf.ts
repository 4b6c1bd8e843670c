/**
 * Telling programs from scripts.
 */
import type { CString } from "@chroot-exec/core/CString"
import * as Effect from "effect/Effect"
import { Libc } from "../Libc.js"

/** elf(5): the first bytes of a program. */
const MAGIC = "\u007fELF"

/** Whether a file is a program of machine code. One that cannot be read is not known to be one. */
export const isElf = (path: CString): Effect.Effect<boolean, never, Libc> =>
  Effect.flatMap(Libc, (libc) =>
    Effect.acquireUseRelease(
      libc.open(path, "readAtOnce"),
      (fd) => Effect.map(libc.read(fd, MAGIC.length), (bytes) => String.fromCharCode(...bytes) === MAGIC),
      (fd) => Effect.ignore(libc.close(fd))
    )).pipe(Effect.orElseSucceed(() => false))
