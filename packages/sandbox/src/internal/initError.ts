/**
 * The complaint of the container's init (tini, which Docker calls docker-init) about a command that does not start:
 *
 *     [FATAL tini (7)] exec nope failed: No such file or directory
 *
 * It exits with 127 then, or 126, as the command might do itself; only this line tells them apart. A command that prints
 * the same line and exits the same way is taken at its word.
 */
import * as Option from "effect/Option"
import type { Piece } from "../Demultiplexer.js"
import type { Job } from "../Job.js"
import { ImageCommandNotExecutable, ImageCommandNotFound } from "../SandboxError.js"

const MARK = "[FATAL tini ("

/** Whether the command's first output looks like it. */
export const isInitError = ({ bytes, stream }: Piece): boolean =>
  stream === "stderr" && Buffer.from(bytes.subarray(0, MARK.length)).toString() === MARK

/** What it means that a command ended with this exit code and wrote nothing but this. */
export const initError = (
  { command: [command], image }: Job,
  exitCode: number,
  log: Uint8Array
): Option.Option<ImageCommandNotExecutable | ImageCommandNotFound> => {
  const said = Buffer.from(log).toString()
  const rest = said.replace(/^\[FATAL tini \(\d+\)\] /, "")
  if (
    rest === said || !rest.startsWith(`exec ${command} failed: `) ||
    !/^[^\n]*\n$/.test(rest.slice(command.length))
  ) {
    return Option.none()
  }
  switch (exitCode) {
    case 127:
      return Option.some(new ImageCommandNotFound({ image, command }))
    case 126:
      return Option.some(new ImageCommandNotExecutable({ image, command }))
    default:
      return Option.none()
  }
}
