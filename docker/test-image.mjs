// The image that tests run their containers from: busybox, and what it must not help to have in an image.
import { chmodSync, copyFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeBusyboxRoot } from "./busybox-root.mjs"
import { makeMachineRoot } from "./machine-root.mjs"

const makeRoot = (root) => {
  makeBusyboxRoot(root)
  // Perl makes any system call, which busybox does not.
  makeMachineRoot(root, ["perl"])
  writeFileSync(join(root, "etc/secret"), "only root reads this\n", { mode: 0o600 })
  writeFileSync(join(root, "bin/ready"), "#!/bin/sh\necho ready\n")
  chmodSync(join(root, "bin/ready"), 0o755)
  // Not a busybox, which gives up the privilege by itself.
  copyFileSync(join(root, "bin/perl"), join(root, "bin/suid"))
  chmodSync(join(root, "bin/suid"), 0o4755)
}

const CHANGES = [
  "ENTRYPOINT [\"/bin/false\"]",
  "VOLUME /declared",
  "ENV FROM_IMAGE=yes",
  "HEALTHCHECK CMD /bin/false"
]

/** Gives a daemon the image `image`. */
export const importTestImage = (daemon) => daemon.importImage("image", makeRoot, CHANGES)
