/**
 * What others say, in an error's one line.
 */
import { quote } from "@chroot-exec/core/Quote"

/** What a daemon says may have several lines, and whatever a registry or a runtime put there. */
export const oneLine = (text: string): string => quote(text.trim().replace(/\s+/g, " ")).slice(1, -1)
