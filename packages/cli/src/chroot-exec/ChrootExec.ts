/**
 * What `agent chroot-exec <control-file> <chroot-dir>` does, without its command line.
 *
 * @since 0.1.0
 */
import { CString } from "@chroot-exec/core/CString"
import { Fd } from "@chroot-exec/sys/Brands"
import * as ChrootExec from "@chroot-exec/sys/ChrootExec"
import { Libc } from "@chroot-exec/sys/Libc"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type AgentError, UsageError } from "../shared/AgentError.js"
import { Launcher } from "../shared/Launcher.js"

const decodePath = Schema.decodeUnknown(CString)

/** A path from the command line. */
const path = (name: string, argument: string) =>
  Effect.mapError(
    decodePath(argument),
    () => new UsageError({ problem: `<${name}> is not a path`, command: "agent chroot-exec" })
  )

/**
 * What is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly controlFile: string
  readonly chrootDir: string
  readonly dieWithParent: boolean
  readonly controlFd: Option.Option<number>
  readonly reportFd: Option.Option<number>
}

const decodeFd = Schema.decodeUnknown(Fd.pipe(Schema.greaterThan(2)))

const O_ACCMODE = 3
const [O_RDONLY, O_WRONLY] = [0, 1]

/** A descriptor that is open, and not only for the other direction. */
const openFd = (option: string, direction: "read from" | "write to") => (number: number) =>
  Effect.gen(function*() {
    const unusable = (problem: string) => () =>
      new UsageError({ problem: `--${option} ${problem}`, command: "agent chroot-exec" })
    const fd = yield* Effect.mapError(decodeFd(number), unusable("takes a descriptor above 2"))
    const { getStatusFlags } = yield* Libc
    const notOpen = unusable(`${fd}: no such descriptor is open to ${direction}`)
    const flags = yield* Effect.mapError(getStatusFlags(fd), notOpen)
    if ((flags & O_ACCMODE) === (direction === "read from" ? O_WRONLY : O_RDONLY)) return yield* notOpen()
    return fd
  })

const options = (request: Request) =>
  Effect.all({
    controlFile: path("control-file", request.controlFile),
    chrootDir: path("chroot-dir", request.chrootDir),
    control: Effect.transposeMapOption(request.controlFd, openFd("control-fd", "read from")),
    report: Effect.transposeMapOption(request.reportFd, openFd("report-fd", "write to")),
    launcher: Launcher
  }).pipe(Effect.map(({ control, report, ...rest }) => ({
    ...rest,
    dieWithParent: request.dieWithParent,
    ...Option.match(control, { onNone: () => ({}), onSome: (fd) => ({ control: fd }) }),
    ...Option.match(report, { onNone: () => ({}), onSome: (fd) => ({ report: fd }) })
  })))

/**
 * Becomes the step. Returns only to fail.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (request: Request) =>
  options(request).pipe(Effect.flatMap(ChrootExec.run), Effect.provide(LibcLive.layer))

/**
 * The plan, and nothing else.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = (request: Request) =>
  options(request).pipe(Effect.flatMap(ChrootExec.plan), Effect.provide(LibcLive.layer))

const encodeError = Schema.encodeSync(ChrootExec.ChrootExecError)

/**
 * An error as a launcher reads it, a line of JSON; none for an error that is not about the step.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toReport = (error: AgentError): Option.Option<string> =>
  Schema.is(ChrootExec.ChrootExecError)(error)
    ? Option.some(`${JSON.stringify(encodeError(error))}\n`)
    : Option.none()
