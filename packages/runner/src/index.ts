/**
 * Runs a step from inside a Node process: launchers, output, logs, time limits.
 *
 * @since 0.1.0
 */
export {}
