/**
 * Confinement as data: what has to be done, in order, so that a process becomes the step.
 *
 * A plan is made by a pure planner and carried out by one interpreter (`@chroot-exec/sys`). It says everything
 * that will happen; it does nothing.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Credentials from "./operation/Credentials.js"
import * as Files from "./operation/Files.js"
import * as Finding from "./operation/Finding.js"
import * as Mounts from "./operation/Mounts.js"
import * as Namespaces from "./operation/Namespaces.js"
import * as Process from "./operation/Process.js"
import type { Fields } from "./operation/Shown.js"
import { quote } from "./Quote.js"

/**
 * An operation whose calls are known before any is made: it can be carried out now, or written down as a program of
 * system calls for the supervisor.
 *
 * @since 0.1.0
 * @category models
 */
export type FixedOperation =
  | Credentials.Credentials
  | Files.Files
  | Mounts.Mounts
  | Namespaces.Namespaces
  | Process.Process

/**
 * @since 0.1.0
 * @category constructors
 */
export const FixedOperation = Data.taggedEnum<FixedOperation>()

/**
 * One thing to do.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = Finding.Finding | Finding.Found | FixedOperation

/**
 * @since 0.1.0
 * @category constructors
 */
export const Operation = Data.taggedEnum<Operation>()

/**
 * Operations in the order in which they are carried out, in two stages.
 *
 * - `enter` makes the surroundings: the root, and what is found there.
 * - `become` is what the step's own process does, up to execve(2).
 *
 * @since 0.1.0
 * @category models
 */
export interface ExecPlan {
  readonly enter: ReadonlyArray<Finding.Finding | FixedOperation>
  readonly become: ReadonlyArray<Finding.Found | FixedOperation>
}

/**
 * A plan in which nothing has to be found: all of it can be written down.
 *
 * @since 0.1.0
 * @category models
 */
export interface FixedPlan extends ExecPlan {
  readonly enter: ReadonlyArray<FixedOperation>
  readonly become: ReadonlyArray<FixedOperation>
}

const PRIVILEGED: ReadonlySet<Operation["_tag"]> = new Set<Operation["_tag"]>([
  "Chroot",
  "DropCapabilities",
  "Hostname",
  "Mount",
  "MountAttributes",
  "PivotRoot",
  "SetGroups",
  "SetIds",
  "Umount",
  "Unshare"
])

/**
 * Whether carrying out the operation takes a privilege. A plan that begins with a user namespace has them all in it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPrivileged = ({ _tag }: Operation): boolean => PRIVILEGED.has(_tag)

const fieldsOf = Operation.$match({
  ...Credentials.fields,
  ...Files.fields,
  ...Finding.fields,
  ...Finding.foundFields,
  ...Mounts.fields,
  ...Namespaces.fields,
  ...Process.fields
})

const stageToJson = (operations: ReadonlyArray<Operation>): ReadonlyArray<Fields> =>
  operations.map((operation) => ({ operation: operation._tag, ...fieldsOf(operation) }))

/**
 * A plan for machines, `--dry-run=json`: in each stage, for each operation its name and its `Fields`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toJson = ({ become, enter }: ExecPlan) => ({
  enter: stageToJson(enter),
  become: stageToJson(become)
})

const PLAIN = /^[\w./:@%+-]+$/

const showOne = (value: string | number): string =>
  PLAIN.test(String(value)) ? String(value) : quote(String(value))

/**
 * An operation for people: its name and its `Fields` as `key=value`, on one line.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toLine = (operation: Operation): string => {
  const fields = Object.entries(fieldsOf(operation)).map(([key, value]) =>
    `${key}=${typeof value === "object" ? value.map(showOne).join(",") : showOne(value)}`
  )
  return [operation._tag, ...fields].join(" ")
}

const inStage = (operation: Operation): string => `  ${toLine(operation)}`

/**
 * A plan for people, `--dry-run`: a line for each stage, and below it one for each operation.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toLines = (
  { become, enter }: ExecPlan
): ReadonlyArray<string> => ["enter:", ...enter.map(inStage), "become:", ...become.map(inStage)]
