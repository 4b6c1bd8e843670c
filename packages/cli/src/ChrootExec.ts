/**
 * What `agent chroot-exec <control-file> <chroot-dir>` does, without its command line.
 *
 * @since 0.1.0
 */
import { CString } from "@chroot-exec/core/CString"
import * as ChrootExec from "@chroot-exec/sys/ChrootExec"
import * as LibcLive from "@chroot-exec/sys/LibcLive"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { UsageError } from "./AgentError.js"
import { Launcher } from "./Launcher.js"

const decodePath = Schema.decodeUnknown(CString)

/** A path from the command line. */
const path = (name: string, argument: string) =>
  Effect.mapError(
    decodePath(argument),
    () => new UsageError({ problem: `<${name}> is not a path`, command: "agent chroot-exec" })
  )

const options = (controlFile: string, chrootDir: string) =>
  Effect.all({
    controlFile: path("control-file", controlFile),
    chrootDir: path("chroot-dir", chrootDir),
    launcher: Launcher
  })

/**
 * Becomes the step. Returns only to fail.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (controlFile: string, chrootDir: string) =>
  options(controlFile, chrootDir).pipe(Effect.flatMap(ChrootExec.run), Effect.provide(LibcLive.layer))

/**
 * The plan, and nothing else.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = (controlFile: string, chrootDir: string) =>
  options(controlFile, chrootDir).pipe(Effect.flatMap(ChrootExec.plan), Effect.provide(LibcLive.layer))
