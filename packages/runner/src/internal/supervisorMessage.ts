/**
 * What the supervisor tells: `struct message` of supervisor/supervisor.c.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import type { Ended } from "../Launcher.js"

/**
 * - `Started`: execve(2) has succeeded; the step is `pid`.
 * - `Failed`: there is no step, since this instruction of its program failed; none of them when the supervisor did.
 * - `Ended`: the step has ended.
 * - `Swept`: nothing is left; `count` processes that it had left were ended.
 * - `Moved`: the supervisor is this process from now on.
 */
export type Message = Data.TaggedEnum<{
  Started: { readonly pid: number }
  Failed: { readonly index: number | undefined; readonly errno: Errno.Errno }
  Ended: Ended
  Swept: { readonly count: number }
  Moved: { readonly pid: number }
}>

export const Message = Data.taggedEnum<Message>()

/** What only the supervisor and its controller know. */
export const SECRET_SIZE = 16

/** `sizeof(struct message)` */
export const SIZE = SECRET_SIZE + 40

const KIB = 1024

/**
 * A message in the byte order of the machine, which is little-endian on all that the supervisor knows; undefined when it
 * is one of another version, or of somebody who does not know the secret.
 */
export const decode = (bytes: Uint8Array, secret: Uint8Array): Message | undefined => {
  if (!secret.every((byte, index) => bytes[index] === byte)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + SECRET_SIZE, bytes.byteLength - SECRET_SIZE)
  const number = (offset: number) => Number(view.getBigInt64(offset, true))
  const kind = view.getInt32(0, true)
  const index = view.getInt32(4, true)
  const value = number(8)
  switch (kind) {
    case 1:
      return Message.Started({ pid: value })
    case 2:
      return Message.Failed({ index: index < 0 ? undefined : index, errno: Errno.fromNumber(value) })
    case 3:
      return Message.Ended({
        status: ExitStatus.fromWaitStatus(value),
        usage: {
          user: Duration.micros(BigInt(number(16))),
          system: Duration.micros(BigInt(number(24))),
          peakMemory: number(32) * KIB
        }
      })
    case 4:
      return Message.Swept({ count: value })
    case 5:
      return Message.Moved({ pid: value })
    default:
      return undefined
  }
}

/** What the supervisor is told, besides the numbers of signals. */
export const END = 255
export const LEAVE = 254
