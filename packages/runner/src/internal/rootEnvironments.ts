/**
 * What the `env` of each root prints, asked when it is not known.
 */
import * as CString from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import * as Errno from "@chroot-exec/core/Errno"
import { EnvironmentUnreadable } from "@chroot-exec/core/ExecError"
import type { KnownEnvironment } from "@chroot-exec/sys/LaunchProtocol"
import type { SyscallError } from "@chroot-exec/sys/Libc"
import { readBy } from "@chroot-exec/sys/RootEnvironment"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { RunningStep } from "../Launcher.js"
import type { StepNotEnded } from "../LauncherError.js"

/** More than execve(2) takes on any Linux: a larger output is no environment. */
const LIMIT = 8 * 1024 * 1024
const CHUNK = 64 * 1024

/** So many roots are remembered. */
const ROOTS = 256

interface Remembered {
  readonly container: Environment
  readonly known: KnownEnvironment
}

const same = (one: Environment, other: Environment): boolean => {
  if (one === other) return true
  const entries = Object.entries(one)
  return entries.length === Object.keys(other).length &&
    entries.every(([name, value]) => Object.hasOwn(other, name) && other[name] === value)
}

/** What is known, by root. It holds for the container's environment that `env` was given. */
export class RootEnvironments {
  readonly #roots = new Map<string, Remembered>()

  get(root: string, container: Environment): KnownEnvironment | undefined {
    const remembered = this.#roots.get(root)
    return remembered !== undefined && same(remembered.container, container) ? remembered.known : undefined
  }

  set(root: string, container: Environment, known: KnownEnvironment): void {
    this.#roots.delete(root)
    // The one that was set the longest time ago goes.
    const [oldest] = this.#roots.keys()
    if (oldest !== undefined && this.#roots.size >= ROOTS) this.#roots.delete(oldest)
    this.#roots.set(root, { container, known })
  }
}

const unreadable = ({ errno }: SyscallError) =>
  new EnvironmentUnreadable({ reason: "SystemCall", errno: Option.some(errno) })

/** Output, piece by piece, as far as it has come. */
const collect = ({ stdout }: RunningStep, chunks: Array<Uint8Array>) =>
  Effect.gen(function*() {
    const buffer = new Uint8Array(CHUNK)
    let total = 0
    while (true) {
      const length = yield* Effect.mapError(stdout(buffer), unreadable)
      if (length === 0) return
      chunks.push(buffer.slice(0, length))
      total += length
      if (total > LIMIT) {
        return yield* new EnvironmentUnreadable({ reason: "TooLarge", errno: Option.some(Errno.of("EFBIG")) })
      }
    }
  })

/** What a process prints until everything that it has started has ended or been ended. */
const capture = (running: RunningStep) =>
  Effect.gen(function*() {
    const chunks: Array<Uint8Array> = []
    const reading = yield* Effect.fork(collect(running, chunks))
    // A descendant that keeps the pipe open is not waited for: with it, the pipe is closed.
    const ending = Effect.zipRight(Effect.exit(running.ended), running.end)
    yield* Effect.raceFirst(Fiber.join(reading), Effect.zipRight(ending, Effect.never))
    return new Uint8Array(Buffer.concat(chunks))
  })

/**
 * Asks the root's `env`. `launch` starts it with these arguments and this environment, and says what its output holds
 * for.
 */
export const askEnvironment = <E, R>(
  container: Environment,
  launch: (
    argv: readonly [CString.CString, ...ReadonlyArray<CString.CString>],
    environment: Environment
  ) => Effect.Effect<{ readonly running: RunningStep; readonly identity: string | null }, E, R>
): Effect.Effect<
  { readonly environment: Environment; readonly identity: string | null },
  E | EnvironmentUnreadable | StepNotEnded,
  R
> =>
  Effect.gen(function*() {
    let holdsFor: string | null = null
    const environment = yield* readBy(container, ([command, ...options], given) =>
      Effect.gen(function*() {
        const { identity, running } = yield* launch(
          [CString.make(command), ...options.map(CString.make)],
          given
        )
        holdsFor = identity
        return yield* capture(running)
      }))
    return { environment, identity: holdsFor }
  })
