/**
 * Paths inside the container.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { posix } from "node:path"

/** A lone surrogate: it stands for a byte that is no UTF-8, or for nothing. */
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Text that survives the way through JSON into the kernel: no NUL, and nothing that is not UTF-8.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Text = Schema.String.pipe(
  Schema.filter((text) => !text.includes("\0") && !LONE_SURROGATE.test(text), {
    description: "text without a NUL, in UTF-8"
  })
)

const isPlain = (path: string): boolean =>
  path.startsWith("/") && !path.includes(":") && !path.split("/").includes("..")

/** `/a//b/./c/` is `/a/b/c`. */
const normalize = (path: string): string => posix.normalize(path).replace(/(?<=.)\/$/, "")

/**
 * Whether a path is another one, or below it. Both are normal.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`)

const KERNEL = ["/proc", "/sys", "/dev"]

const isKernel = (path: string): boolean => KERNEL.some((directory) => isWithin(path, directory))

/**
 * An absolute path in its shortest spelling. `..` is refused, since what it means depends on symbolic links; so is `:`,
 * since Docker's own notations end a path there.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ContainerPath = Schema.transform(
  Text.pipe(Schema.filter(isPlain, { description: "an absolute path without \":\" and \"..\"" })),
  Schema.String,
  { strict: true, decode: normalize, encode: (path) => path }
).pipe(Schema.brand("ContainerPath"))

/**
 * @since 0.1.0
 * @category models
 */
export type ContainerPath = typeof ContainerPath.Type

/**
 * Where a command can be started. Not below /proc, where `/proc/self/fd/N` leads out of the container (CVE-2024-21626),
 * nor below /sys or /dev.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WorkingDirectory = ContainerPath.pipe(
  Schema.filter((path) => !isKernel(path), {
    description: "a directory that is not below /proc, /sys or /dev"
  })
)

/**
 * A path that is neither the whole of the file system nor the kernel's part of it: something can be mounted there, and
 * what is there can be collected.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OwnPath = ContainerPath.pipe(
  Schema.filter((path) => path !== "/" && !isKernel(path), {
    description: "a path below /, and not below /proc, /sys or /dev"
  })
)
