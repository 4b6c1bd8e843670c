/**
 * Running jexec(8) and jail(8) for ourselves.
 */
import { toExitCode } from "@chroot-exec/core/ExitStatus"
import * as ChildProcess from "@chroot-exec/runner/ChildProcess"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { JailToolUnavailable } from "../JailError.js"
import { privileged, type Programs } from "../JailWrap.js"
import type { Privilege } from "../PrivMode.js"

/** What a tool said, once it ended. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `jexec` or `jail` with privilege. */
export type Tool = (
  tool: "jexec" | "jail",
  args: ReadonlyArray<string>
) => Effect.Effect<Said, JailToolUnavailable>

/** Nothing of the command's: these run as root, on the host. */
const ENV = { PATH: "/sbin:/bin:/usr/sbin:/usr/bin", LC_ALL: "C" }

/** Longer than jail(8) waits by itself for the processes of a jail that it removes: `stop.timeout`, 10 seconds. */
const LIMIT = "30 seconds"

/** Why a program of the host's cannot be run. */
export const unavailable = (program: string, error: ChildProcess.SpawnError): JailToolUnavailable =>
  new JailToolUnavailable({
    program,
    reason: error._tag === "CommandNotFound" ? "there is no such program" : error.message
  })

const text = (stream: ChildProcess.ChildProcess["stdout"]) =>
  stream.pipe(Stream.decodeText(), Stream.mkString)

export const makeTool = ({ helper, mode }: Privilege, programs: Programs): Tool => (tool, args) => {
  const { argv, program } = privileged(tool, args, mode, helper, programs)
  const failed = (reason: string) => new JailToolUnavailable({ program, reason })
  return ChildProcess.spawn({ program, args: argv, env: ENV, grace: 0 }).pipe(
    Effect.flatMap(({ exit, stderr, stdout }) =>
      Effect.all({ code: Effect.map(exit, toExitCode), stdout: text(stdout), stderr: text(stderr) }, {
        concurrency: "unbounded"
      })
    ),
    Effect.mapError((error) =>
      error._tag === "OutputUnreadable" ? failed(error.message) : unavailable(program, error)
    ),
    Effect.scoped,
    // It runs where nothing else is interrupted any more: the limit has to be.
    Effect.interruptible,
    Effect.timeoutFail({ duration: LIMIT, onTimeout: () => failed(`it did not end within ${LIMIT}`) })
  )
}
