/**
 * The log files of a step, below a directory of its root.
 *
 * That directory belongs to the step as much as to us: everything is looked up by openat2(2) with RESOLVE_IN_ROOT, so
 * that no symbolic link in it leads outside, and files are made new.
 *
 * @since 0.1.0
 */
import * as CString from "@chroot-exec/core/CString"
import * as Errno from "@chroot-exec/core/Errno"
import { quote } from "@chroot-exec/core/Quote"
import type { Fd } from "@chroot-exec/sys/Brands"
import type { LibcOperations, SyscallError } from "@chroot-exec/sys/Libc"
import { Libc } from "@chroot-exec/sys/Libc"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { own } from "./internal/ownedFd.js"
import { baseName, nextCounter, outdated, suffixes } from "./LogName.js"

/** Parts of `LogPlace`. */
const Field = Schema.Literal("root", "logDir", "package", "version", "path")

/**
 * A log file could not be made or written. `field` is the part of its place that cannot be in a path.
 *
 * @since 0.1.0
 * @category errors
 */
export class LogFailed extends Schema.TaggedError<LogFailed>()("LogFailed", {
  file: Schema.String,
  errno: Errno.Errno,
  field: Schema.optional(Field)
}) {
  override get message(): string {
    return `cannot write log file ${quote(this.file)}: ${Errno.describe(this.errno)}; ${this.advice}`
  }

  private get advice(): string {
    switch (this.field) {
      case "root":
        return "its root must be a path"
      case "logDir":
      case "path":
        return `its ${this.field} must be names between "/", none of them "." or ".."`
      case "package":
      case "version":
        return `its ${this.field} must be one name, without "/", and not "." or ".."`
      case undefined:
        return this.adviceForErrno
    }
  }

  private get adviceForErrno(): string {
    switch (this.errno) {
      case "ENOSPC":
      case "EDQUOT":
        return "make room on its disk"
      case "ENOSYS":
        return "it takes Linux 5.6 or later, and openat2 in the seccomp filter"
      case "EPERM":
        // Seccomp filters that are older than the call answer so.
        return "check that its directory may be written to, and that the seccomp filter allows openat2"
      default:
        return "check the log directory, the package and its version"
    }
  }
}

/**
 * - `root`: the directory of the host that is the step's root;
 * - `logDir`: a directory inside it;
 * - `package`, `version`: directories below that, one component each;
 * - `path`: the step, below that; it may have directories of its own;
 * - `epochMillis`: the time in the files' names.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogPlace {
  readonly root: string
  readonly logDir: string
  readonly package: Option.Option<string>
  readonly version: Option.Option<string>
  readonly path: string
  readonly epochMillis: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LogFile {
  readonly fd: Fd
  /** As seen from the host. */
  readonly path: string
}

/**
 * The log files of a step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Logs {
  readonly stdout: LogFile
  readonly stderr: LogFile
}

/** So many logs of each kind are kept, the new one among them. */
const KEPT = 5

/** So many names that somebody else has taken are passed over. A step could take any number in advance. */
const ATTEMPTS = 1000

const isCString = Schema.is(CString.CString)

const isComponent = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && !name.includes("/") && isCString(name)

/** What of a place would lead elsewhere. */
const refusedField = (
  place: LogPlace,
  logDir: ReadonlyArray<string>,
  path: ReadonlyArray<string>
): typeof Field.Type | undefined => {
  if (place.root === "" || !isCString(place.root)) return "root"
  if (!place.logDir.startsWith("/") || !logDir.every(isComponent)) return "logDir"
  if (!Option.toArray(place.package).every(isComponent)) return "package"
  if (!Option.toArray(place.version).every(isComponent)) return "version"
  return path.every(isComponent) ? undefined : "path"
}

/** The directories from the root to the files, and the step's own name. */
const split = (place: LogPlace) => {
  const logDir = place.logDir.split("/").filter((part) => part !== "")
  const path = place.path.split("/")
  const names = [place.package, place.version].flatMap(Option.toArray)
  return {
    directories: [...logDir, ...names, ...path.slice(0, -1)],
    leaf: path.at(-1) ?? "",
    refused: refusedField(place, logDir, path)
  }
}

/** Opens a directory below `root`, and makes what is missing of it. */
const openDirectory = (libc: LibcOperations, root: Fd, directories: ReadonlyArray<string>) => {
  const open = (depth: number) =>
    libc.openat2(root, CString.make(`/${directories.slice(0, depth).join("/")}`), "directory")
  const make = (depth: number): Effect.Effect<Fd, SyscallError> =>
    Effect.catchIf(
      open(depth),
      ({ errno }) => Errno.is(errno, "ENOENT") && depth > 0,
      () =>
        Effect.acquireUseRelease(
          make(depth - 1),
          (parent) =>
            libc.mkdirat(parent, CString.make(directories[depth - 1] ?? "")).pipe(
              // Somebody else made it just now; if it is no directory, opening it says so.
              Effect.catchIf(({ errno }) => Errno.is(errno, "EEXIST"), () => Effect.void)
            ),
          (parent) => Effect.ignore(libc.close(parent))
        ).pipe(Effect.zipRight(open(depth)))
    )
  return make(directories.length)
}

/** Two new files of the same name but for their suffixes. */
const createPair = (libc: LibcOperations, directory: Fd, nameOf: (attempt: number) => string) => {
  const create = (name: string) => libc.openat2(directory, CString.make(name), "create")
  const attempt = (count: number): Effect.Effect<
    { readonly base: string; readonly fds: readonly [Fd, Fd] },
    SyscallError
  > => {
    const base = nameOf(count)
    return Effect.flatMap(create(base + suffixes.stdout), (stdout) =>
      create(base + suffixes.stderr).pipe(
        Effect.map((stderr) => ({ base, fds: [stdout, stderr] as const })),
        // The name is taken after all: what was made of it goes.
        Effect.tapError(() =>
          Effect.zipRight(
            Effect.ignore(libc.close(stdout)),
            Effect.ignore(libc.unlinkat(directory, CString.make(base + suffixes.stdout)))
          )
        )
      )).pipe(
        Effect.catchIf(
          ({ errno }) => Errno.is(errno, "EEXIST") && count + 1 < ATTEMPTS,
          () => Effect.suspend(() => attempt(count + 1))
        )
      )
  }
  return attempt(0)
}

/**
 * Makes the two log files of a step, `{root}{logDir}/{package}/{version}/{path}-{time}.log` and `.log.err`, with the
 * directories that are missing, and removes older ones but the newest five of each kind. They are closed with the scope.
 *
 * Fails with `LogFailed`: EINVAL and the field when a component of it is `.`, `..`, empty, or has a NUL or a `/` in it;
 * else what the system says. Without openat2(2) (ENOSYS, or EPERM from an old seccomp filter) there are no logs.
 *
 * @since 0.1.0
 * @category operations
 */
export const open = Effect.fn("LogFiles.open")(function*(place: LogPlace) {
  const libc = yield* Libc
  const shown = (file: string) => `${place.root.replace(/\/+$/, "")}/${file}`
  const { directories, leaf, refused } = split(place)
  if (refused !== undefined) {
    return yield* new LogFailed({ file: shown(place.path), errno: Errno.of("EINVAL"), field: refused })
  }
  const path = (name: string) => shown([...directories, name].join("/"))
  const ownOne = (acquire: Effect.Effect<Fd, SyscallError>) =>
    Effect.map(own(libc, Effect.map(acquire, (fd) => [fd] as const)), ([owned]) => owned)
  const made: Effect.Effect<Logs, SyscallError, Scope.Scope> = Effect.gen(function*() {
    const root = yield* ownOne(libc.open(CString.make(place.root), "directory"))
    const directory = yield* ownOne(openDirectory(libc, root.fd, directories))
    // What there was before, so that the new ones are never among those that go, whatever time others claim for theirs.
    const names = yield* Effect.orElseSucceed(libc.getdents(directory.fd), (): ReadonlyArray<string> => [])
    const first = nextCounter(names, leaf, place.epochMillis)
    let base = ""
    const [stdout, stderr] = yield* own(
      libc,
      Effect.map(
        createPair(libc, directory.fd, (attempt) => baseName(leaf, place.epochMillis, first + attempt)),
        (pair) => {
          base = pair.base
          return pair.fds
        }
      )
    )
    for (const name of outdated(names, leaf, KEPT - 1)) {
      // What cannot be removed stays.
      yield* Effect.ignore(libc.unlinkat(directory.fd, CString.make(name)))
    }
    yield* directory.close
    yield* root.close
    return {
      stdout: { fd: stdout.fd, path: path(base + suffixes.stdout) },
      stderr: { fd: stderr.fd, path: path(base + suffixes.stderr) }
    }
  })
  return yield* Effect.mapError(
    made,
    ({ errno }) => new LogFailed({ file: path(`${leaf}${suffixes.stdout}`), errno })
  )
})
