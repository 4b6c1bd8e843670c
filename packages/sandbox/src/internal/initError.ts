/**
 * The complaint of the container's init (tini, which Docker calls docker-init) about a command that does not start:
 *
 *     [FATAL tini (7)] exec nope failed: No such file or directory
 *
 * It comes in several pieces. The init exits with 127 then, or 126, as the command might do itself; only this line tells
 * them apart. A command that prints the same line and exits the same way is taken at its word.
 */
import * as Option from "effect/Option"
import type { Piece } from "../Demultiplexer.js"
import type { Job } from "../Job.js"
import { ImageCommandNotExecutable, ImageCommandNotFound } from "../SandboxError.js"

/** More than strerror(3) has to say. */
const LONGEST_REASON = 256

/** Bytes as characters: pieces may end anywhere. */
const textOf = (pieces: ReadonlyArray<Piece>): string =>
  Buffer.concat(pieces.map(({ bytes }) => bytes)).toString("latin1")

/** What was said, and what the init would say up to its reason, both without its pid, which has seven digits at most. */
const compare = ({ command: [command] }: Job, pieces: ReadonlyArray<Piece>) => ({
  said: textOf(pieces).replace(/^(\[FATAL tini \()\d{1,7}/, "$1"),
  complaint: `[FATAL tini ()] exec ${Buffer.from(command).toString("latin1")} failed: `
})

/** Whether the first pieces of output may be the beginning of it, or all of it. */
export const mayBeInitError = (job: Job, pieces: ReadonlyArray<Piece>): boolean => {
  if (pieces.some(({ stream }) => stream === "stdout")) return false
  const { complaint, said } = compare(job, pieces)
  const reason = said.slice(complaint.length)
  return complaint.startsWith(said) ||
    said.startsWith(complaint) && /^[^\n]*\n?$/.test(reason) && reason.length <= LONGEST_REASON
}

/** What it means that a command ended with this exit code and wrote nothing but this. */
export const initError = (
  job: Job,
  exitCode: number,
  pieces: ReadonlyArray<Piece>
): Option.Option<ImageCommandNotExecutable | ImageCommandNotFound> => {
  const { complaint, said } = compare(job, pieces)
  const { command: [command], image } = job
  if (!said.startsWith(complaint) || !said.endsWith("\n")) return Option.none()
  switch (exitCode) {
    case 127:
      return Option.some(new ImageCommandNotFound({ image, command }))
    case 126:
      return Option.some(new ImageCommandNotExecutable({ image, command }))
    default:
      return Option.none()
  }
}
