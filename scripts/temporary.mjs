// Directories that do not outlive the process, however it ends.
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A new directory under the system's temporary one, which anybody may enter. */
export const temporaryDirectory = (parent = tmpdir()) => {
  const directory = mkdtempSync(join(parent, "chroot-exec-"))
  process.on("exit", () => {
    // A daemon that ends with us may still have mounts and files in it.
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  })
  chmodSync(directory, 0o755)
  return directory
}
