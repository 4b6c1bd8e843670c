/**
 * `chroot-exec`: from the path of a control file to the running step.
 *
 * @since 0.1.0
 */
import { planChrootExec } from "@chroot-exec/core/ChrootExec"
import { ControlFileInvalid, decodeControlFile } from "@chroot-exec/core/ControlFile"
import type { CString } from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import { ExecError, MissingCapability } from "@chroot-exec/core/ExecError"
import type { LauncherRecord } from "@chroot-exec/core/Inherited"
import { quote } from "@chroot-exec/core/Quote"
import * as Root from "@chroot-exec/core/Root"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Fd } from "./Brands.js"
import { captureInherited } from "./CallerState.js"
import { execInPlace } from "./ExecInPlace.js"
import { readFile, readToEnd } from "./File.js"
import { Libc, SyscallError } from "./Libc.js"

/**
 * The control file could not be read. EFBIG: it is larger than any command that the kernel takes.
 *
 * @since 0.1.0
 * @category errors
 */
export class ControlFileUnreadable
  extends Schema.TaggedError<ControlFileUnreadable>()("ControlFileUnreadable", {
    file: Schema.String,
    errno: Errno.Errno
  })
{
  override get message(): string {
    return `cannot read control file ${quote(this.file)}: ${Errno.describe(this.errno)}; check <control-file>`
  }
}

/** execve(2) takes at most 6 MiB, and JSON writes a byte in at most 6 characters. */
const CONTROL_FILE_LIMIT = 64 * 1024 * 1024

/**
 * @since 0.1.0
 * @category models
 */
export interface ChrootExecOptions {
  /** The path of the control file, as seen from the agent's working directory and root. */
  readonly controlFile: CString
  /** The directory that becomes the root, or `local`. */
  readonly chrootDir: CString
  /** What the native launcher recorded, when one ran. */
  readonly launcher: Option.Option<LauncherRecord>
  /** Whether the step is killed when the thread that started this process ends. */
  readonly dieWithParent?: boolean
  /** A descriptor above 2 to read the control file from; its path is only what it is called then. */
  readonly control?: Fd
  /** A descriptor above 2 for a launcher that waits for the step to start. */
  readonly report?: Fd
}

/**
 * Everything by which `plan` and `run` fail; it can be passed to the process that waits for them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ChrootExecError = Schema.Union(
  ControlFileInvalid,
  ControlFileUnreadable,
  ExecError,
  MissingCapability,
  SyscallError
)

/**
 * @since 0.1.0
 * @category errors
 */
export type ChrootExecError = typeof ChrootExecError.Type

/**
 * Reads and checks everything, and says what would be done. Changes nothing.
 *
 * Fails with `ControlFileUnreadable`, `ControlFileInvalid` (all that is wrong with it), `MissingCapability`, or
 * `SyscallError` when the process's own environment cannot be read.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = Effect.fn("ChrootExec.plan")(
  function*(options: ChrootExecOptions) {
    const { chrootDir, control: fd, controlFile, dieWithParent = false, launcher, report } = options
    const libc = yield* Libc
    // Before anything else: a parent that ends from here on is noticed.
    const parent = dieWithParent ? { parent: yield* libc.getppid() } : {}
    const reading = fd === undefined
      ? readFile(controlFile, CONTROL_FILE_LIMIT)
      : readToEnd(fd, CONTROL_FILE_LIMIT)
    const content = yield* reading.pipe(
      Effect.mapError(({ errno }) => new ControlFileUnreadable({ file: controlFile, errno }))
    )
    const control = yield* decodeControlFile(content, controlFile)
    const inherited = yield* captureInherited(launcher)
    return yield* planChrootExec({
      control,
      root: Root.fromArgument(chrootDir),
      inherited,
      ...parent,
      ...(report === undefined ? {} : { report })
    })
  }
)

/**
 * Becomes the step: `plan`, then `execInPlace`. Returns only to fail.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = Effect.fn("ChrootExec.run")((options: ChrootExecOptions) =>
  Effect.flatMap(plan(options), execInPlace)
)
