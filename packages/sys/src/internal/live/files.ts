/**
 * The operations on paths.
 */
import * as SurrogateEscape from "@chroot-exec/core/SurrogateEscape"
import * as Effect from "effect/Effect"
import { Fd, Mode } from "../../Brands.js"
import type { Access, FileStatus, LibcOperations } from "../../Libc.js"
import * as C from "../constants.js"
import { cString } from "../memory.js"
import type { Calls } from "./calls.js"

const ACCESS: { readonly [Name in Access]: number } = {
  read: C.O_RDONLY,
  readAtOnce: C.O_RDONLY | C.O_NONBLOCK,
  readWrite: C.O_RDWR,
  write: C.O_WRONLY,
  directory: C.O_PATH | C.O_DIRECTORY
}

const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o755

/** `struct open_how`: flags, mode, resolve. */
const OPEN_HOW = {
  directory: [C.O_RDONLY | C.O_DIRECTORY, 0],
  create: [C.O_WRONLY | C.O_CREAT | C.O_EXCL, FILE_MODE]
} as const

const RESOLVE = C.RESOLVE_IN_ROOT | C.RESOLVE_NO_MAGICLINKS

const fileType = (mode: number): FileStatus["type"] => {
  const type = mode & C.S_IFMT
  return type === C.S_IFREG ? "file" : type === C.S_IFDIR ? "directory" : "other"
}

/** Device, inode and size as they are; of the times of change the seconds and the nanoseconds. */
const identity = (buffer: DataView): string =>
  [C.STATX_DEVICE_OFFSET, C.STATX_INODE_OFFSET, C.STATX_SIZE_OFFSET].map((offset) =>
    buffer.getBigUint64(offset, true)
  )
    .concat(
      [C.STATX_MTIME_OFFSET, C.STATX_CTIME_OFFSET].flatMap((offset) => [
        buffer.getBigUint64(offset, true),
        BigInt(buffer.getUint32(offset + 8, true))
      ])
    )
    .join(":")

const CHUNK = 32 * 1024

/** The names in a buffer of `struct linux_dirent64`, without `.` and `..`. */
const names = (buffer: Uint8Array, length: number): ReadonlyArray<string> => {
  const view = new DataView(buffer.buffer, buffer.byteOffset)
  const found: Array<string> = []
  for (let at = 0; at < length; at += view.getUint16(at + C.DIRENT_LENGTH_OFFSET, true)) {
    const start = at + C.DIRENT_NAME_OFFSET
    found.push(SurrogateEscape.decode(buffer.subarray(start, buffer.indexOf(0, start))))
  }
  return found.filter((name) => name !== "." && name !== "..")
}

type Operations = Pick<
  LibcOperations,
  | "chdir"
  | "chmod"
  | "chroot"
  | "faccessat"
  | "fchdir"
  | "getdents"
  | "mkdirat"
  | "open"
  | "openat2"
  | "statx"
  | "unlinkat"
  | "unshareFs"
>

export const fileOperations = ({ call, libc, run }: Calls): Operations => ({
  open: (path, access) =>
    call("open", () => libc.open(cString(path), ACCESS[access] | C.O_CLOEXEC), (fd) => Fd.make(fd)),
  openat2: (root, path, what) =>
    Effect.suspend(() => {
      const [flags, mode] = OPEN_HOW[what]
      const how = BigUint64Array.of(BigInt(flags | C.O_CLOEXEC), BigInt(mode), BigInt(RESOLVE))
      const name = cString(path)
      return call(
        "openat2",
        () =>
          libc.syscall(
            C.SYS_openat2,
            "int",
            root,
            "void *",
            name,
            "void *",
            how,
            "size_t",
            C.OPEN_HOW_SIZE
          ),
        (fd) => Fd.make(fd)
      )
    }),
  mkdirat: (directory, name) => run("mkdirat", () => libc.mkdirat(directory, cString(name), DIRECTORY_MODE)),
  unlinkat: (directory, name) => run("unlinkat", () => libc.unlinkat(directory, cString(name), 0)),
  getdents: (directory) =>
    Effect.gen(function*() {
      const found: Array<string> = []
      const buffer = new Uint8Array(CHUNK)
      while (true) {
        const length = yield* call(
          "getdents",
          () => libc.syscall(C.SYS_getdents64, "int", directory, "void *", buffer, "uint", CHUNK),
          (count) => count
        )
        if (length === 0) return found
        found.push(...names(buffer, length))
      }
    }),
  statx: (path) =>
    Effect.suspend(() => {
      const buffer = new DataView(new ArrayBuffer(C.STATX_SIZE))
      return call(
        "statx",
        () => libc.statx(C.AT_FDCWD, cString(path), 0, C.STATX_BASIC_STATS, buffer),
        () => {
          const mode = buffer.getUint16(C.STATX_MODE_OFFSET, true)
          return { type: fileType(mode), mode: Mode.make(mode & 0o7777), identity: identity(buffer) }
        }
      )
    }),
  faccessat: (path) =>
    run("faccessat", () => libc.faccessat(C.AT_FDCWD, cString(path), C.X_OK, C.AT_EACCESS)),
  chmod: (path, mode) => run("chmod", () => libc.chmod(cString(path), mode)),
  chroot: (path) => run("chroot", () => libc.chroot(cString(path))),
  chdir: (path) => run("chdir", () => libc.chdir(cString(path))),
  fchdir: (directory) => run("fchdir", () => libc.fchdir(directory)),
  unshareFs: () => run("unshareFs", () => libc.unshare(C.CLONE_FS))
})
