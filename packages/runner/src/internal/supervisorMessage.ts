/**
 * What the supervisor tells: `struct message` of supervisor/supervisor.c.
 */
import * as Errno from "@chroot-exec/core/Errno"
import * as ExitStatus from "@chroot-exec/core/ExitStatus"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import type { Ended } from "../Launcher.js"

/** Where the step could not be started: in the order of `enum where`. */
const places = ["supervisor", "limit", "directory", "execve"] as const

export type Place = typeof places[number]

/**
 * - `Started`: execve(2) has succeeded; the step is `pid`.
 * - `Failed`: there is no step.
 * - `Ended`: the step has ended.
 * - `Swept`: nothing is left; `count` processes that it had left were ended.
 */
export type Message = Data.TaggedEnum<{
  Started: { readonly pid: number }
  Failed: { readonly place: Place; readonly errno: Errno.Errno }
  Ended: Ended
  Swept: { readonly count: number }
}>

export const Message = Data.taggedEnum<Message>()

/** `sizeof(struct message)` */
export const SIZE = 40

const KIB = 1024

/**
 * A message in the byte order of the machine, which is little-endian on all that the supervisor knows; undefined when it
 * is one of another version.
 */
export const decode = (bytes: Uint8Array): Message | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = (offset: number) => Number(view.getBigInt64(offset, true))
  const kind = view.getInt32(0, true)
  const value = number(8)
  switch (kind) {
    case 1:
      return Message.Started({ pid: value })
    case 2:
      return Message.Failed({
        place: places[view.getInt32(4, true) - 1] ?? "supervisor",
        errno: Errno.fromNumber(value)
      })
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
    default:
      return undefined
  }
}

/** What the supervisor is told, besides the numbers of signals. */
export const END = 255
export const LEAVE = 254
