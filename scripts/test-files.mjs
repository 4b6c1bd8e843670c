// The files below the packages' test directories, by their paths in the repository.
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { root } from "./run.mjs"

export const readTestFiles = () => {
  const files = new Map()
  for (const name of readdirSync(join(root, "packages"))) {
    const directory = join(root, "packages", name, "test")
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile()) files.set(relative(root, path), readFileSync(path, "utf8"))
    }
  }
  return files
}
