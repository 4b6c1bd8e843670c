/**
 * Tar archives, made and looked at.
 */
import { extract, type Headers, pack } from "tar-stream"

export type TarEntry = Headers & { readonly content?: string }

/** An archive of these entries. */
export const tarOf = async (entries: ReadonlyArray<TarEntry>): Promise<Buffer> => {
  const archive = pack()
  for (const { content, ...header } of entries) archive.entry(header, content ?? "")
  archive.finalize()
  const chunks: Array<Buffer> = []
  for await (const chunk of archive) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What is in an archive, a line an entry: `file 644 65532:65532 src/a "content"`. */
export const listing = async (archive: Uint8Array): Promise<ReadonlyArray<string>> => {
  const entries = extract()
  entries.end(archive)
  const lines: Array<string> = []
  for await (const entry of entries) {
    const { gid, linkname, mode = 0, name, type, uid } = entry.header
    const chunks: Array<Buffer> = []
    for await (const chunk of entry) chunks.push(chunk)
    const rest = type === "file"
      ? [JSON.stringify(Buffer.concat(chunks).toString())]
      : linkname
      ? [`-> ${linkname}`]
      : []
    lines.push([type, mode.toString(8), `${uid}:${gid}`, name, ...rest].join(" "))
  }
  return lines
}
