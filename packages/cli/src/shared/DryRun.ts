/**
 * The option `--dry-run`, which several commands have.
 *
 * @since 0.1.0
 */
/**
 * @since 0.1.0
 * @category constants
 */
export const DRY_RUN = { name: "dry-run", bare: "text" } as const
