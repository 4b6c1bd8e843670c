/**
 * Where a command may be: the rules of execvp(3) and of POSIX's PATH, as a pure function.
 *
 * @since 0.1.0
 */
import * as CString from "./CString.js"
import * as Errno from "./Errno.js"

/**
 * What counts when PATH is not set: the default of glibc (`confstr(_CS_PATH)`).
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_PATH = "/bin:/usr/bin"

/**
 * A name is looked up on PATH; anything with a `/` is a path.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBareName = (command: string): boolean => !command.includes("/")

/**
 * `path` as it is, when absolute; else under `directory`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const resolve = (path: string, directory: string): CString.CString =>
  CString.make(path.startsWith("/") ? path : `${directory === "/" ? "" : directory}/${path}`)

/** Without slashes at the end. Not a regular expression: it would take quadratic time for a PATH of slashes. */
const withoutSlashes = (element: string): string => {
  let end = element.length
  while (element[end - 1] === "/") end--
  return element.slice(0, end)
}

/**
 * The files that a bare name may stand for, in the order of PATH. An empty element of PATH is `directory`, and
 * relative elements are under it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const candidates = (
  name: string,
  path: string | undefined,
  directory: string
): ReadonlyArray<CString.CString> =>
  (path ?? DEFAULT_PATH).split(":").map((element) =>
    resolve(element === "" ? name : `${withoutSlashes(element)}/${name}`, directory)
  )

/**
 * The errors after which a search goes on, as that of execvp(3) does: they are about one file or one element of PATH.
 * A file without an interpreter line (ENOEXEC) is passed over too, and never given to a shell.
 *
 * @since 0.1.0
 * @category constants
 */
export const PASSED_OVER: ReadonlyArray<Errno.Errno> = [
  Errno.of("ENOENT"),
  Errno.of("ENOTDIR"),
  Errno.of("EACCES"),
  Errno.of("ESTALE"),
  Errno.of("ENODEV"),
  Errno.of("ETIMEDOUT"),
  // glibc gives up on these; a next element of PATH is no worse for them.
  Errno.of("ELOOP"),
  Errno.of("ENAMETOOLONG"),
  Errno.of("ENOEXEC")
]

/**
 * Whether it is one of these.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPassedOver = (errno: Errno.Errno): boolean => PASSED_OVER.includes(errno)
