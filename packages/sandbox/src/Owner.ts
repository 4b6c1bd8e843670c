/**
 * Whose a container or a volume is, told by its labels: which run's, and which process's.
 *
 * A process is named so that no other one is taken for it: by the boot of its host, its pid namespace, its pid, and when
 * it was started, since pids are used again.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { readFileSync, readlinkSync } from "node:fs"
import type { Labels } from "./Engine.js"

/**
 * The label that has the run's id.
 *
 * @since 0.1.0
 * @category constants
 */
export const RUN_LABEL = "chroot-exec.run"

/**
 * The label that has the owner, as `toLabel` writes it.
 *
 * @since 0.1.0
 * @category constants
 */
export const OWNER_LABEL = "chroot-exec.owner"

/**
 * A process, told from every other one anywhere.
 *
 * @since 0.1.0
 * @category models
 */
export interface Owner {
  /** machine-id(5); empty where there is none. */
  readonly machine: string
  /** /proc/sys/kernel/random/boot_id of proc(5). */
  readonly boot: string
  /** What the link /proc/self/ns/pid says: pid_namespaces(7). */
  readonly namespace: string
  readonly pid: number
  /** When it was started, in clock ticks since the boot: proc_pid_stat(5). */
  readonly start: string
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const toLabel = ({ boot, machine, namespace, pid, start }: Owner): string =>
  [machine, boot, namespace, pid, start].join(" ")

/**
 * The owner that a label names; none where it names none that this version knows.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromLabel = (label: string): Option.Option<Owner> => {
  const [, machine, boot, namespace, pid, start] = /^(\w*) ([\w-]+) (\S+) (\d+) (\d+)$/.exec(label) ?? []
  return machine === undefined || boot === undefined || namespace === undefined || start === undefined
    ? Option.none()
    : Option.some({ machine, boot, namespace, pid: Number(pid), start })
}

const attempt = (read: () => string): Effect.Effect<Option.Option<string>> =>
  Effect.option(Effect.try(() => read().trim()))

/** The 22nd field; the second is a name in parentheses that may have anything in it. */
const startTime = (stat: string): Option.Option<string> =>
  Option.fromNullable(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19])

/**
 * The processes of this host.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProcessTableOperations {
  /** This process; none where there is no /proc to tell it by. */
  readonly self: Effect.Effect<Option.Option<Owner>>
  /** When a process was started, as `Owner.start`; none when there is none of that pid. */
  readonly startOf: (pid: number) => Effect.Effect<Option.Option<string>>
}

const startOf = (pid: number | "self"): Effect.Effect<Option.Option<string>> =>
  Effect.map(attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8")), Option.flatMap(startTime))

const live: ProcessTableOperations = {
  self: Effect.gen(function*() {
    const machine = yield* attempt(() => readFileSync("/etc/machine-id", "utf8"))
    const boot = yield* attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))
    const namespace = yield* attempt(() => readlinkSync("/proc/self/ns/pid"))
    const start = yield* startOf("self")
    return Option.map(
      Option.all({ boot, namespace, start }),
      (known): Owner => ({ ...known, machine: Option.getOrElse(machine, () => ""), pid: process.pid })
    )
  }),
  startOf
}

/**
 * Read from /proc unless a test provides another one.
 *
 * @since 0.1.0
 * @category context
 */
export class ProcessTable extends Context.Reference<ProcessTable>()("@chroot-exec/sandbox/ProcessTable", {
  defaultValue: (): ProcessTableOperations => live
}) {}

/**
 * The labels of everything that a run creates. The caller's own cannot replace them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const labels = (run: string, own: Labels): Effect.Effect<Labels> =>
  Effect.gen(function*() {
    const { self } = yield* ProcessTable
    const owner = Option.match(yield* self, { onNone: () => "unknown", onSome: toLabel })
    return { ...own, [RUN_LABEL]: run, [OWNER_LABEL]: owner }
  })

/**
 * Whether the owner named in these labels has certainly ended.
 *
 * That can be told of a process in this pid namespace of this boot. Of an earlier boot of this machine nothing runs any
 * more; but only a daemon on this host (`local`) is believed to have no things of another machine with the same id. All
 * others may be alive.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDead = (labels: Labels, local: boolean): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const processes = yield* ProcessTable
    const self = yield* processes.self
    const owner = fromLabel(labels[OWNER_LABEL] ?? "")
    if (Option.isNone(self) || Option.isNone(owner)) return false
    const { boot, machine, namespace, pid, start } = owner.value
    if (boot !== self.value.boot) return local && machine !== "" && machine === self.value.machine
    if (namespace !== self.value.namespace) return false
    return !Option.contains(yield* processes.startOf(pid), start)
  })
