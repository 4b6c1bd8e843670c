/**
 * One-shot hardened containers over the Docker Engine API.
 *
 * @since 0.1.0
 */
export {}
