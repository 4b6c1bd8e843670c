/**
 * Bytes as text and back without loss: PEP 383, Python's `surrogateescape`.
 *
 * Valid UTF-8 decodes as usual. Every byte that is part of no valid sequence becomes the lone low surrogate
 * U+DC00 + byte (U+DC80..U+DCFF), which no valid UTF-8 decodes to, so `encode(decode(bytes))` is `bytes` for
 * all bytes. Written out here because `core` uses no platform API, and `TextDecoder` replaces what it cannot
 * decode.
 *
 * @since 0.1.0
 */

const ESCAPE = 0xdc00
const CHUNK = 8192

/**
 * The length in bytes of the valid UTF-8 sequence at `at`, 0 when there is none (RFC 3629: shortest form only,
 * no surrogates, nothing above U+10FFFF).
 */
const sequenceLength = (bytes: Uint8Array, at: number): 0 | 1 | 2 | 3 | 4 => {
  const continuation = (offset: number, low = 0x80, high = 0xbf): boolean => {
    const byte = bytes[at + offset]
    return byte !== undefined && byte >= low && byte <= high
  }
  const lead = bytes[at] ?? 0
  if (lead < 0x80) return 1
  if (lead >= 0xc2 && lead <= 0xdf) return continuation(1) ? 2 : 0
  if (lead >= 0xe0 && lead <= 0xef) {
    // E0 80..9F would be overlong, ED A0..BF would be surrogates.
    const [low, high] = lead === 0xe0 ? [0xa0, 0xbf] : lead === 0xed ? [0x80, 0x9f] : [0x80, 0xbf]
    return continuation(1, low, high) && continuation(2) ? 3 : 0
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    // F0 80..8F would be overlong, F4 90..BF above U+10FFFF.
    const [low, high] = lead === 0xf0 ? [0x90, 0xbf] : lead === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf]
    return continuation(1, low, high) && continuation(2) && continuation(3) ? 4 : 0
  }
  return 0
}

const codePoint = (bytes: Uint8Array, at: number, length: 1 | 2 | 3 | 4): number => {
  const lead = bytes[at] ?? 0
  let point = length === 1 ? lead : lead & (0xff >> (length + 1))
  for (let offset = 1; offset < length; offset++) point = (point << 6) | ((bytes[at + offset] ?? 0) & 0x3f)
  return point
}

/**
 * Text for any bytes.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (bytes: Uint8Array): string => {
  let text = ""
  let points: Array<number> = []
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at)
    points.push(length === 0 ? ESCAPE + (bytes[at] ?? 0) : codePoint(bytes, at, length))
    at += length === 0 ? 1 : length
    // Pieces, because the number of arguments of a call is limited.
    if (points.length >= CHUNK) {
      text += String.fromCodePoint(...points)
      points = []
    }
  }
  return text + String.fromCodePoint(...points)
}

const isSurrogate = (point: number): boolean => point >= 0xd800 && point <= 0xdfff

const isEscape = (point: number): boolean => point >= ESCAPE + 0x80 && point <= ESCAPE + 0xff

/**
 * Whether `encode` has bytes for this text: every lone surrogate in it is one that `decode` makes.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isEncodable = (text: string): boolean => {
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    if (isSurrogate(point) && !isEscape(point)) return false
  }
  return true
}

const LONE_SURROGATE = /[\ud800-\udfff]/u

/**
 * Whether a text from `decode` stands for bytes that were not all UTF-8.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasEscapes = (text: string): boolean => LONE_SURROGATE.test(text)

/**
 * Bytes for a text: UTF-8, and the escaped byte for each U+DC80..U+DCFF.
 *
 * A text that is not `isEncodable` is a bug of the caller, who decodes what comes from outside with `CString`:
 * it throws a `RangeError` that does not show the text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (text: string): Uint8Array => {
  // A UTF-16 unit takes at most 3 bytes.
  const bytes = new Uint8Array(text.length * 3)
  let length = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    if (point < 0x80) bytes[length++] = point
    else if (point < 0x800) {
      bytes[length++] = 0xc0 | (point >> 6)
      bytes[length++] = 0x80 | (point & 0x3f)
    } else if (isSurrogate(point)) {
      if (!isEscape(point)) throw new RangeError("text with a lone surrogate that stands for no byte")
      bytes[length++] = point - ESCAPE
    } else if (point < 0x10000) {
      bytes[length++] = 0xe0 | (point >> 12)
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[length++] = 0x80 | (point & 0x3f)
    } else {
      bytes[length++] = 0xf0 | (point >> 18)
      bytes[length++] = 0x80 | ((point >> 12) & 0x3f)
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[length++] = 0x80 | (point & 0x3f)
    }
  }
  return bytes.slice(0, length)
}
