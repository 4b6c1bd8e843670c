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
import { baseName, outdated, suffixes } from "./LogName.js"

/**
 * A log file could not be made or written.
 *
 * @since 0.1.0
 * @category errors
 */
export class LogFailed extends Schema.TaggedError<LogFailed>()("LogFailed", {
  file: Schema.String,
  errno: Errno.Errno
}) {
  override get message(): string {
    return `cannot write log file ${quote(this.file)}: ${Errno.describe(this.errno)}; ${this.advice}`
  }

  private get advice(): string {
    switch (this.errno) {
      case "ENOSPC":
      case "EDQUOT":
        return "make room on its disk"
      case "ENOSYS":
        return "it takes Linux 5.6 or later, and openat2 in the seccomp filter"
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

/** So many logs of each kind are kept. */
const KEPT = 5

const isComponent = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && !name.includes("/")

/** The directories from the root to the files, and the step's own name; none when something would lead elsewhere. */
const split = (place: LogPlace) => {
  const logDir = place.logDir.split("/").filter((part) => part !== "")
  const names = [place.package, place.version].flatMap(Option.toArray)
  const path = place.path.split("/")
  const leaf = path.at(-1) ?? ""
  const directories = [...logDir, ...names, ...path.slice(0, -1)]
  return [...directories, leaf].every((part) => isComponent(part) && !part.includes("\0")) &&
      names.every((part) => !part.includes("/"))
    ? Option.some({ directories, leaf })
    : Option.none()
}

/** Opens a directory below `root`, and makes what is missing of it. */
const openDirectory = (libc: LibcOperations, root: Fd, directories: ReadonlyArray<string>) => {
  const open = (depth: number) =>
    libc.openat2(root, CString.make(`/${directories.slice(0, depth).join("/")}`), "directory")
  const make = (depth: number): Effect.Effect<Fd, SyscallError> =>
    Effect.catchIf(
      open(depth),
      ({ errno }) => errno === "ENOENT" && depth > 0,
      () =>
        Effect.acquireUseRelease(
          make(depth - 1),
          (parent) =>
            libc.mkdirat(parent, CString.make(directories[depth - 1] ?? "")).pipe(
              // Somebody else made it just now; if it is no directory, opening it says so.
              Effect.catchIf(({ errno }) => errno === "EEXIST", () => Effect.void)
            ),
          (parent) => Effect.ignore(libc.close(parent))
        ).pipe(Effect.zipRight(open(depth)))
    )
  return make(directories.length)
}

/** Two new files of the same name but for their suffixes. */
const createPair = (libc: LibcOperations, directory: Fd, leaf: string, epochMillis: number) => {
  const create = (base: string, kind: keyof typeof suffixes) =>
    libc.openat2(directory, CString.make(base + suffixes[kind]), "create")
  const attempt = (counter: number): Effect.Effect<
    { readonly base: string; readonly fds: readonly [Fd, Fd] },
    SyscallError
  > => {
    const base = baseName(leaf, epochMillis, counter)
    return Effect.flatMap(create(base, "stdout"), (stdout) =>
      create(base, "stderr").pipe(
        Effect.map((stderr) => ({ base, fds: [stdout, stderr] as const })),
        // The name is taken after all: what was made of it goes.
        Effect.tapError(() =>
          Effect.zipRight(
            Effect.ignore(libc.close(stdout)),
            Effect.ignore(libc.unlinkat(directory, CString.make(base + suffixes.stdout)))
          )
        )
      )).pipe(
        Effect.catchIf(({ errno }) => errno === "EEXIST", () => Effect.suspend(() => attempt(counter + 1)))
      )
  }
  return attempt(0)
}

/** What cannot be removed stays. */
const prune = (libc: LibcOperations, directory: Fd, leaf: string) =>
  Effect.flatMap(libc.getdents(directory), (names) =>
    Effect.forEach(
      outdated(names, leaf, KEPT),
      (name) => Effect.ignore(libc.unlinkat(directory, CString.make(name))),
      { discard: true }
    )).pipe(Effect.ignore)

/**
 * Makes the two log files of a step, `{root}{logDir}/{package}/{version}/{path}-{time}.log` and `.log.err`, with the
 * directories that are missing, and removes older ones but the newest five of each kind. They are closed with the scope.
 *
 * Fails with `LogFailed`: EINVAL when a component of the path is `.`, `..`, empty, or has a NUL or a `/` in it; else what
 * the system says.
 *
 * @since 0.1.0
 * @category operations
 */
export const open = Effect.fn("LogFiles.open")(function*(place: LogPlace) {
  const libc = yield* Libc
  const shown = (file: string) => `${place.root === "/" ? "" : place.root}/${file}`
  const parts = split(place)
  if (Option.isNone(parts)) {
    return yield* new LogFailed({ file: shown(place.path), errno: Errno.of("EINVAL") })
  }
  const { directories, leaf } = parts.value
  const path = (name: string) => shown([...directories, name].join("/"))
  const files = Effect.gen(function*() {
    const [root] = yield* own(
      libc,
      Effect.map(libc.open(CString.make(place.root), "directory"), (fd) => [fd] as const)
    )
    const [directory] = yield* own(
      libc,
      Effect.map(openDirectory(libc, root.fd, directories), (fd) => [fd] as const)
    )
    return { root, directory }
  })
  const made: Effect.Effect<
    { readonly stdout: LogFile; readonly stderr: LogFile },
    SyscallError,
    Scope.Scope
  > = Effect.gen(function*() {
    const { directory, root } = yield* files
    let base = ""
    const [stdout, stderr] = yield* own(
      libc,
      Effect.map(createPair(libc, directory.fd, leaf, place.epochMillis), (pair) => {
        base = pair.base
        return pair.fds
      })
    )
    yield* prune(libc, directory.fd, leaf)
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
