/**
 * A command wrapped into a FreeBSD jail, and the spawner that uses it.
 *
 * @since 0.1.0
 */
export {}
