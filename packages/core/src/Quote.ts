/**
 * Text from outside, in a message.
 *
 * @since 0.1.0
 */

/** Control characters that JSON leaves as they are: DEL, the C1 set, and the separators that break lines. */
const RAW = /[\u007f-\u009f\u2028\u2029]/g

/**
 * Quoted as JSON, so that no control character reaches a terminal and a message stays on one line.
 *
 * @since 0.1.0
 * @category conversions
 */
export const quote = (text: string): string =>
  JSON.stringify(text).replace(
    RAW,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
