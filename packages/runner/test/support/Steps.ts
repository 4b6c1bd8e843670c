/**
 * Packages of one step, and how they are run.
 */
import * as CString from "@chroot-exec/core/CString"
import { AbsolutePath } from "@chroot-exec/core/CString"
import { Root } from "@chroot-exec/core/Root"
import type { RunStepOptions } from "@chroot-exec/runner/RunStep"
import { decodeStep } from "@chroot-exec/runner/Step"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { busyboxRoot } from "./Roots.js"

/** A root with a package of one step. */
export const packageWith = (script: string) =>
  Effect.map(busyboxRoot, (root) => {
    mkdirSync(join(root, "pkg/skyhook_dir"), { recursive: true })
    writeFileSync(join(root, "pkg/skyhook_dir/s.sh"), `#!/bin/sh\n${script}\n`)
    return root
  })

/** The step of such a package. */
export const step = (more: Readonly<Record<string, unknown>> = {}) =>
  Either.getOrThrow(decodeStep({ path: "s.sh", ...more }))

/** Options for such a root; what is not given is harmless. */
export const options = <E = never>(
  root: string,
  more: Partial<RunStepOptions<E>> = {}
): RunStepOptions<E> => ({
  root: Root.Directory({ path: CString.make(root) }),
  copyDir: AbsolutePath.make(CString.make("/pkg")),
  environment: { PATH: "/bin", TOKEN: "secret" },
  ...more
})
