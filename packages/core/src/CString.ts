/**
 * Text that can be handed to the kernel: a path, an argument, one half of an environment entry.
 *
 * The kernel takes bytes that end at the first NUL. Inside, they are text with the surrogate-escape mapping
 * (see `SurrogateEscape`), so that bytes that are not UTF-8 survive; this brand says that the text has no NUL
 * and maps to bytes.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SurrogateEscape from "./SurrogateEscape.js"

/**
 * Refuses a NUL (it would cut the text short on its way into the kernel) and lone surrogates outside
 * U+DC80..U+DCFF (they stand for no byte).
 *
 * @since 0.1.0
 * @category schemas
 */
export const CString = Schema.String.pipe(
  Schema.filter((text) => !text.includes("\0"), { description: "text without a NUL" }),
  Schema.filter(SurrogateEscape.isEncodable, { description: "text that maps to bytes (no lone surrogate)" }),
  Schema.brand("CString")
)

/**
 * @since 0.1.0
 * @category models
 */
export type CString = typeof CString.Type

const isCString = Schema.is(CString)

/**
 * A `CString` for a text that is known to be one, such as a literal. Anything else is a bug: it throws a
 * `RangeError`, which does not show the text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (text: string): CString => {
  if (!isCString(text)) {
    throw new RangeError("text with a NUL or a lone surrogate where the kernel takes bytes")
  }
  return text
}

/**
 * A path that begins with `/`: the test of Python's `os.path.isabs` on POSIX.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AbsolutePath = CString.pipe(
  Schema.filter((path) => path.startsWith("/"), { description: "an absolute path" }),
  Schema.brand("AbsolutePath")
)

/**
 * @since 0.1.0
 * @category models
 */
export type AbsolutePath = typeof AbsolutePath.Type
