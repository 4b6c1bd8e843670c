/**
 * Finding out what the agent was given by its caller.
 *
 * @since 0.1.0
 */
import * as CString from "@chroot-exec/core/CString"
import * as Environment from "@chroot-exec/core/Environment"
import { type Inherited, type LauncherRecord, revealName } from "@chroot-exec/core/Inherited"
import type { ResourceLimit } from "@chroot-exec/core/operation/Process"
import * as Signal from "@chroot-exec/core/Signal"
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { readFile } from "./File.js"
import { Libc } from "./Libc.js"

/** `/proc` files are a few KiB; the environment is as large as execve(2) allows. */
const LIMIT = 8 * 1024 * 1024

/** A file of `/proc` as text; none where there is no `/proc`, or the process is hidden. */
const readProc = (path: string) =>
  readFile(CString.make(`/proc/${path}`), LIMIT).pipe(Effect.map(SurrogateEscape.decode), Effect.option)

/** A set in `/proc/PID/status`, which is in hexadecimal digits. */
const statusSet = (status: Option.Option<string>, field: "CapEff" | "SigIgn"): Option.Option<bigint> =>
  status.pipe(
    Option.flatMapNullable((text) => new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(text)?.[1]),
    Option.map((digits) => BigInt(`0x${digits}`))
  )

/**
 * The effective capabilities of the process; none where there is no `/proc`.
 *
 * @since 0.1.0
 * @category operations
 */
export const effectiveCapabilities = Effect.map(
  readProc("self/status"),
  (status) => statusSet(status, "CapEff")
)

/**
 * The limit of open files with this soft one: nobody changes the hard one, Node included.
 *
 * @since 0.1.0
 * @category operations
 */
export const softLimit = (soft: bigint) =>
  Effect.flatMap(
    Libc,
    (libc) => libc.getrlimit().pipe(Effect.map(({ hard }): ResourceLimit => ({ soft, hard })), Effect.option)
  )

const OPEN_FILES = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)\s/m

const UNLIMITED = 0xffff_ffff_ffff_ffffn

const limit = (digits: string): bigint => digits === "unlimited" ? UNLIMITED : BigInt(digits)

/**
 * The environment as the kernel gave it to this process, before Node took its own variables out; without `/proc`,
 * as the C library has it now.
 */
const environment = Effect.gen(function*() {
  const libc = yield* Libc
  const block = yield* readFile(CString.make("/proc/self/environ"), LIMIT).pipe(
    Effect.orElse(() => libc.environ())
  )
  return Environment.fromBlock(block)
})

/** With the names that the launcher hid from Node. */
const reveal = (variables: Environment.Environment): Environment.Environment =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [revealName(name), value]))

/**
 * A guess at what Node has overwritten, for when no launcher ran before it: what a parent has, its children mostly
 * got too. Only SIGHUP is taken over, which nohup(1) and daemons ignore for their children's sake; other signals
 * are ignored by shells and runtimes for their own. The limit counts when the hard ones are the same.
 */
const guess = Effect.gen(function*() {
  const libc = yield* Libc
  const parent = yield* Effect.option(libc.getppid())
  const own = yield* Effect.option(libc.getrlimit())
  const status = yield* Effect.map(
    Effect.transposeMapOption(parent, (pid) => readProc(`${pid}/status`)),
    Option.flatten
  )
  const limits = yield* Effect.map(
    Effect.transposeMapOption(parent, (pid) => readProc(`${pid}/limits`)),
    Option.flatten
  )
  const ignored = Option.getOrElse(statusSet(status, "SigIgn"), () => 0n)
  return {
    ignored: ignored & Signal.set("SIGHUP"),
    blocked: Option.none(),
    openFiles: Option.all([limits, own]).pipe(
      Option.flatMap(([text, { hard }]) => {
        const [, softDigits, hardDigits] = OPEN_FILES.exec(text) ?? []
        return softDigits === undefined || hardDigits === undefined || limit(hardDigits) !== hard
          ? Option.none()
          : Option.some({ soft: limit(softDigits), hard })
      })
    ),
    // Callers give blocking descriptors unless they say otherwise; Node makes pipes non-blocking.
    stdio: { open: [0, 1, 2], nonBlocking: [] }
  }
})

/**
 * What the step has to inherit. `record` is what the native launcher saw before Node started; without it, what
 * Node has overwritten is inferred from the parent as far as that can be known.
 *
 * What cannot be read is left as it is (`Option.none`). Only the environment has to be known: `SyscallError`.
 *
 * @since 0.1.0
 * @category operations
 */
export const captureInherited = Effect.fn("CallerState.captureInherited")(function*(
  record: Option.Option<LauncherRecord>
) {
  const variables = Option.isSome(record) ? reveal(yield* environment) : yield* environment
  const capabilities = yield* effectiveCapabilities
  const known = yield* Option.match(record, {
    onNone: () => guess,
    onSome: ({ blocked, openFiles, ...rest }) =>
      Effect.map(softLimit(openFiles), (limit) => ({
        ...rest,
        blocked: Option.some(blocked),
        openFiles: limit
      }))
  })
  const inherited: Inherited = { environment: variables, capabilities, ...known }
  return inherited
})
