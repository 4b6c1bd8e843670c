/**
 * What passes between the process and the launcher's thread. Requests are data as they are; answers have errors in
 * them, which a Schema carries over.
 */
import type { CString } from "@chroot-exec/core/CString"
import { Launched, Reply, type Request } from "@chroot-exec/sys/LaunchProtocol"
import { SyscallError } from "@chroot-exec/sys/Libc"
import * as Schema from "effect/Schema"

/** What the thread is started with. */
export interface ThreadData {
  readonly supervisor: { readonly directory: CString; readonly program: CString }
}

export interface Question {
  readonly id: number
  readonly request: Request
}

/** What the question with this id has started, and all is well: the usual answer, which is data as it is. */
export const LaunchedAnswer = Schema.TaggedStruct("Launched", { id: Schema.Int, launched: Launched })

/**
 * The other answers:
 *
 * - `Ready`: the thread has a root of its own;
 * - `Unusable`: it cannot have one;
 * - `Served`: any other reply to the question with this id.
 */
export const Answer = Schema.Union(
  Schema.TaggedStruct("Ready", {}),
  Schema.TaggedStruct("Unusable", { error: SyscallError }),
  Schema.TaggedStruct("Served", { id: Schema.Int, reply: Reply })
)
