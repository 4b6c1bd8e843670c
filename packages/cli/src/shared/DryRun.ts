/**
 * The option `--dry-run`, which several commands have.
 *
 * @since 0.1.0
 */
import { choice } from "./OptionValues.js"

/**
 * @since 0.1.0
 * @category constants
 */
export const DRY_RUN = { name: "dry-run", bare: "text" } as const

/**
 * The forms of what is printed.
 *
 * @since 0.1.0
 * @category values
 */
export const form = choice("text", "json")
