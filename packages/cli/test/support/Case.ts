/**
 * A conformance case as `fixtures/*.json` hold them: a root, a call of `agent`, and what has to come of it.
 *
 * The format is that of the project's conformance table, with additions; whatever a case does not know is refused,
 * so that a misspelt expectation cannot pass for one that holds.
 */
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import { basename, join } from "node:path"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const Strings = Schema.Record({ key: Schema.String, value: Schema.String })

/** A signal by its name, as Node reports it. */
const SignalName = Schema.Literal("SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM")

/** What must be seen. Texts may have placeholders; see `Sandbox.fill`. */
export class Expectation extends Schema.Class<Expectation>("Expectation")(
  Schema.Struct({
    exit: optional(Schema.Int),
    signal: optional(SignalName),
    stdout: optional(Schema.String),
    stdoutBytes: optional(Schema.Int),
    /** Hexadecimal digits, for output that is not UTF-8. */
    stdoutHex: optional(Schema.String),
    /** The step's pid, as it prints it, is that of the agent. */
    stdoutIsPid: optional(Schema.Literal(true)),
    stdoutContains: optional(Schema.Array(Schema.String)),
    stderr: optional(Schema.String),
    stderrContains: optional(Schema.Array(Schema.String)),
    stderrLacks: optional(Schema.Array(Schema.String)),
    stderrMaxLines: optional(Schema.Int),
    /** The variables that the step printed, a line each, and no others. */
    envExactly: optional(Strings),
    /** Files and their permission bits afterwards, octal. */
    modes: optional(Strings),
    /** Files and their content afterwards. */
    contents: optional(Strings),
    /** Files that nobody has touched: not even their change time differs. */
    untouched: optional(Schema.Array(Schema.String)),
    /** Paths at which nothing may be. */
    absent: optional(Schema.Array(Schema.String))
  }).pipe(
    Schema.filter(({ exit, signal }) => (exit === undefined) !== (signal === undefined), {
      message: () => "a case expects an exit or a signal"
    })
  )
) {}

export class Case extends Schema.Class<Case>("Case")({
  name: Schema.String,
  /** Regular files: below the root, or outside when the path begins with a placeholder. */
  files: optional(
    Schema.Record({ key: Schema.String, value: Schema.Struct({ text: Schema.String, mode: Schema.String }) })
  ),
  /** Symbolic links below the root: their paths and what they say. */
  links: optional(Strings),
  /** Shell commands before and after, with `$ROOT` and `$TMP`. */
  setup: optional(Schema.String),
  teardown: optional(Schema.String),
  /** The control file as JSON, or as text; neither: as `setup` leaves it. */
  control: optional(Schema.Unknown),
  controlText: optional(Schema.String),
  controlMissing: optional(Schema.Literal(true)),
  /** Variables of the caller beside the usual ones, or instead of them. */
  env: optional(Strings),
  onlyEnv: optional(Strings),
  /** Names (with escapes, PEP 383) and hexadecimal values. */
  envBytes: optional(Strings),
  /** `<chroot-dir>`, unless it is the root itself. */
  root: optional(Schema.String),
  rootRelative: optional(Schema.Literal(true)),
  local: optional(Schema.Literal(true)),
  /** All arguments, instead of `chroot-exec <control-file> <chroot-dir>`. */
  argv: optional(Schema.Array(Schema.String)),
  /** A command that executes the agent. */
  pre: optional(Schema.Array(Schema.String)),
  /** Mounts a `/proc` in the root, in a mount namespace of the agent's own. */
  proc: optional(Schema.Literal(true)),
  dropCap: optional(Schema.String),
  asUser: optional(Schema.Int),
  /** The number of descriptors above 2 that the agent inherits. */
  extraFds: optional(Schema.Int),
  stdin: optional(Schema.String),
  /** Sent to the agent when the step has printed a line. */
  signalOnReady: optional(SignalName),
  /** Cannot hold without the native launcher: Node destroys what it takes before any JavaScript runs. */
  needsLauncher: optional(Schema.Literal(true)),
  expect: Expectation
}) {}

/**
 * What has to be absent, and is nowhere in the rest of the case: it was never there, whatever the agent does. `{x9}` stands
 * for text.
 */
const neverThere = ({ expect: { absent = [], stderrLacks = [] }, ...rest }: Case): ReadonlyArray<string> => {
  const given = JSON.stringify(rest)
  return [
    ...absent.filter((path) => !given.includes(basename(path))),
    ...stderrLacks.filter((text) => !given.includes(/^x+$/.test(text) ? "{x" : text))
  ]
}

const TruthfulCase = Case.pipe(
  Schema.filter((c) => neverThere(c).length === 0, {
    message: ({ actual }) =>
      `${JSON.stringify(actual)} expects the absence of what it does not name elsewhere`
  })
)

const decode = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Array(TruthfulCase)),
  { onExcessProperty: "error" }
)

/** The cases of a fixture, in its order. */
export const load = (fixture: "chroot-exec.json" | "more.json"): ReadonlyArray<Case> =>
  decode(readFileSync(join(import.meta.dirname, "../fixtures", fixture), "utf8"))

/** Whether the control file alone is a reason to refuse, so that the root does not even matter. */
const isRefusedBeforehand = (c: Case): boolean =>
  c.expect.exit === 125 && (c.controlText !== undefined || c.controlMissing === true)

/** Whether a case needs neither root's privileges nor a root directory with device files. */
export const isUnprivileged = (c: Case): boolean =>
  (c.local === true || c.argv !== undefined || isRefusedBeforehand(c))
  && [c.asUser, c.dropCap, c.proc].every((option) => option === undefined)
  && !/\{root\}|\$ROOT/.test(JSON.stringify(c))

/**
 * Whether a case is about what the agent's process starts with: its variables, descriptors, signals, limits. That goes
 * through Node, and through the native launcher before it; all that is in files is read by our own code, alike in each.
 */
const isAboutTheStart = (c: Case): boolean =>
  [c.pre, c.env, c.onlyEnv, c.envBytes, c.extraFds, c.stdin, c.signalOnReady].some((option) =>
    option !== undefined
  )

/** The title of a case's test, with a tag when it is about the start, and another one when it is not. */
export const titleOf = (c: Case, aboutTheStart: " @node", otherwise: "" | " @soak"): string =>
  `${c.name}${isAboutTheStart(c) ? aboutTheStart : otherwise}`
