/**
 * The version of the package.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { createRequire } from "node:module"

const decode = Schema.decodeUnknownSync(Schema.Struct({ version: Schema.String }))

/**
 * Read from `package.json`, which is beside the folder of this file both as source and as bundle; only when asked
 * for.
 *
 * @since 0.1.0
 * @category constants
 */
export const version = (): string => decode(createRequire(import.meta.url)("../package.json")).version
