/**
 * The launcher whose steps are processes of `agent chroot-exec`.
 *
 * @since 0.1.0
 */
import { planProgram } from "@chroot-exec/core/ChrootExec"
import { type ControlFile, ControlFileInvalid } from "@chroot-exec/core/ControlFile"
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import { EnvironmentUnreadable, ExecError, MissingCapability } from "@chroot-exec/core/ExecError"
import { Root } from "@chroot-exec/core/Root"
import { softLimit } from "@chroot-exec/sys/CallerState"
import { ControlFileUnreadable } from "@chroot-exec/sys/ChrootExec"
import { writeAll } from "@chroot-exec/sys/File"
import { Libc, type LibcOperations, SyscallError } from "@chroot-exec/sys/Libc"
import { spawn } from "@chroot-exec/sys/Supervised"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { resolve } from "node:path"
import { attempt } from "./internal/attempt.js"
import { checkRequest } from "./internal/checkRequest.js"
import { failed } from "./internal/failed.js"
import { own } from "./internal/ownedFd.js"
import { makeReader, ownPipe } from "./internal/pipes.js"
import { openShared } from "./internal/shared.js"
import { supervise } from "./internal/supervise.js"
import { supervisorProgram } from "./internal/supervisorProgram.js"
import { Launcher, type LaunchRequest, type RunningStep } from "./Launcher.js"
import type { LauncherFailed, LaunchError } from "./LauncherError.js"

/** What the agent says: that execve(2) is next, or why not. */
const Report = Schema.parseJson(Schema.Union(
  Schema.TaggedStruct("Executing", {}),
  ControlFileInvalid,
  ControlFileUnreadable,
  ExecError,
  MissingCapability,
  SyscallError
))

const decode = Schema.decodeUnknown(Report)

/** The descriptors of the report and of the control file in the agent, behind the standard ones and the supervisor's. */
const [REPORT, CONTROL] = [6, 7]

/** What the control file is called, which nobody sees: what is in it has been decoded before. */
const CONTROL_NAME = "control file"

const CHUNK = 64 * 1024

/** All that the agent says, up to its execve(2) or its end. */
const readAll = (read: RunningStep["stdout"]) =>
  Effect.gen(function*() {
    const buffer = new Uint8Array(CHUNK)
    const decoder = new TextDecoder()
    let text = ""
    while (true) {
      const count = yield* read(buffer)
      if (count === 0) return text
      text += decoder.decode(buffer.subarray(0, count), { stream: true })
    }
  })

/** The last line counts: execve(2) may still have failed after it was announced. */
const judge = (report: string): Effect.Effect<void, LaunchError> =>
  decode(report.trimEnd().split("\n").at(-1)).pipe(
    Effect.mapError(() => failed("agent")),
    Effect.flatMap((said): Effect.Effect<void, LaunchError> => {
      if (said._tag === "Executing") return Effect.void
      // It was written from what such a file is decoded to.
      if (said._tag === "ControlFileInvalid") return failed("agent")
      return said._tag === "ControlFileUnreadable" || said._tag === "SyscallError"
        ? failed("agent", said)
        : Effect.fail(said)
    })
  )

/** Why there is no agent. What is too large for it to start is the environment, which `env` would be given, too. */
const notStarted =
  (what: "agent" | "supervisor") =>
  (error: { readonly errno: Errno.Errno }): EnvironmentUnreadable | LauncherFailed =>
    Errno.is(error.errno, "E2BIG")
      ? new EnvironmentUnreadable({ reason: "SystemCall", errno: Option.some(error.errno) })
      : failed(what, error)

/**
 * A file in memory that holds a control file. What its text holds as surrogate escapes JSON writes as such.
 */
const writeControl = (libc: LibcOperations, control: ControlFile) =>
  Effect.gen(function*() {
    const [file] = yield* own(libc, Effect.map(libc.memfdCreate(), (fd) => [fd] as const))
    yield* writeAll(file.fd, new TextEncoder().encode(JSON.stringify(control)))
    yield* libc.lseek(file.fd, 0)
    return file
  })

const make = ({ agent }: LauncherProcessOptions) =>
  Effect.gen(function*() {
    const libc = yield* Libc
    const shared = yield* openShared

    /** What it takes to become the step, the control file and the report, is closed by the time that it returns. */
    const launchIn = (step: Scope.Scope, request: LaunchRequest) =>
      Effect.gen(function*() {
        yield* checkRequest(request)
        const control = yield* Effect.mapError(
          writeControl(libc, request.control),
          (error) => failed("control file", error)
        )
        const root = request.root._tag === "Local" ? "local" : resolve(request.root.path)
        const [report, theirs] = yield* Effect.mapError(
          ownPipe(libc),
          (error) => failed("descriptors", error)
        )
        const { directory, program } = supervisorProgram()
        const plan = planProgram({
          root: Root.Local(),
          files: [CString.make(agent[0])],
          argv: Arr.map(
            Arr.appendAll(agent, [
              "chroot-exec",
              "--die-with-parent",
              `--report-fd=${REPORT}`,
              `--control-fd=${CONTROL}`,
              CONTROL_NAME,
              root
            ]),
            (argument) => CString.make(argument)
          ),
          environment: request.environment,
          openFiles: Option.flatten(yield* Effect.transposeMapOption(request.openFiles, softLimit))
        })
        const running = yield* supervise(
          shared,
          { stdin: request.stdin, passed: [theirs.fd, control.fd] },
          (supervision) =>
            Effect.map(
              spawn(CString.make(`${directory}/${program}`), plan, supervision),
              (pid) => ({ pid, plan })
            )
        ).pipe(
          Effect.catchTags({
            NotStarted: ({ errno, why }) =>
              Effect.fail(notStarted(Option.isNone(why) ? "supervisor" : "agent")({ errno })),
            SyscallError: (error) => Effect.fail(notStarted("supervisor")(error))
          }),
          Scope.extend(step)
        )
        yield* theirs.close
        const said = yield* makeReader(libc, report).pipe(
          Effect.flatMap(readAll),
          Effect.mapError((error) => failed("descriptors", error))
        )
        yield* judge(said)
        return running
      }).pipe(Effect.scoped, Effect.provideService(Libc, libc))

    const launch = Effect.fn("Launcher.launch")((
      request: LaunchRequest
    ): Effect.Effect<RunningStep, LaunchError, Scope.Scope> =>
      attempt(Effect.flatMap(Effect.scope, (step) => launchIn(step, request)))
    )
    return { launch }
  })

/**
 * - `agent`: how `agent` is called: its program, by an absolute path, and arguments before all others.
 *
 * @since 0.1.0
 * @category models
 */
export interface LauncherProcessOptions {
  readonly agent: Arr.NonEmptyReadonlyArray<string>
}

/**
 * A launcher for Linux that starts `agent chroot-exec` for every step: for where a thread cannot have a root of its own.
 * What a step is, and how it fails, is as with the other launcher; a start costs that of Node, which the usage of the step
 * includes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: LauncherProcessOptions): Layer.Layer<Launcher, LauncherFailed, Libc> =>
  Layer.scoped(Launcher, make(options))
