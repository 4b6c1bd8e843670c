/**
 * Plans to carry out against the recorder, each for a request of its own kind.
 */
import { planChrootExec } from "@chroot-exec/core/ChrootExec"
import { ControlFile } from "@chroot-exec/core/ControlFile"
import { CString } from "@chroot-exec/core/CString"
import type { ExecPlan } from "@chroot-exec/core/ExecPlan"
import type { Inherited } from "@chroot-exec/core/Inherited"
import { fromArgument } from "@chroot-exec/core/Root"
import * as Signal from "@chroot-exec/core/Signal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const inherited: Inherited = {
  environment: { PATH: "/bin:/usr/bin", A: "container" },
  capabilities: Option.some(1n << 18n),
  ignored: Signal.set("SIGHUP"),
  blocked: Option.some(Signal.set("SIGUSR2")),
  openFiles: Option.some({ soft: 256n, hard: 4096n }),
  stdio: { open: [0, 1, 2], nonBlocking: [] }
}

const decode = Schema.decodeUnknownSync(ControlFile)

/** The plan for a control file; fields that are left out have harmless values. */
export const planFor = (
  control: Partial<typeof ControlFile.Encoded> = {},
  options: {
    readonly root?: string
    readonly inherited?: Partial<Inherited>
    readonly parent?: number
    readonly report?: number
  } = {}
): ExecPlan => {
  const { inherited: given, root = "/host", ...launcher } = options
  return Either.getOrThrow(planChrootExec({
    control: decode({
      cmd: ["/step"],
      no_chmod: false,
      env: { B: "package" },
      copy_dir: "/work",
      ...control
    }),
    root: fromArgument(CString.make(root)),
    inherited: { ...inherited, ...given },
    ...launcher
  }))
}
