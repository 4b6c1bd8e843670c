import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import fc from "fast-check"
import type { ChrootExecRequest } from "../src/ChrootExec.js"
import { planChrootExec } from "../src/ChrootExec.js"
import * as CString from "../src/CString.js"
import { MissingCapability } from "../src/ExecError.js"
import { isPrivileged, Operation } from "../src/ExecPlan.js"
import { Root } from "../src/Root.js"
import { anyRequest, CAP_SYS_CHROOT, directory } from "./requests.js"

/** `law` holds for any request, and for each both with and without a root. */
const forAnyRequest = (
  law: (request: ChrootExecRequest, planned: ReturnType<typeof planChrootExec>) => void
) =>
  fc.assert(
    fc.property(anyRequest, (request) => {
      for (const root of [request.root, Root.Local(), directory("/host")]) {
        law({ ...request, root }, planChrootExec({ ...request, root }))
      }
    }),
    { numRuns: 500 }
  )

/** `law` holds for any plan; a request that is refused has none. */
const forAnyPlan = (law: (operations: ReadonlyArray<Operation>, request: ChrootExecRequest) => void) => {
  let plans = 0
  forAnyRequest((request, planned) => {
    if (Either.isLeft(planned)) return
    plans++
    law([...planned.right.enter, ...planned.right.become], request)
  })
  // `local` is never refused.
  expect(plans).toBeGreaterThanOrEqual(500)
}

const positions = (operations: ReadonlyArray<Operation>, tag: Operation["_tag"]): ReadonlyArray<number> =>
  operations.flatMap((operation, index) => operation._tag === tag ? [index] : [])

describe("for any request", () => {
  it("a refused one yields no plan, and so no privileged operation", () => {
    forAnyRequest(({ inherited, root }, planned) => {
      const lacks = Option.match(inherited.capabilities, {
        onNone: () => false,
        onSome: (capabilities) => (capabilities & CAP_SYS_CHROOT) === 0n
      })
      const refusal = root._tag === "Directory" && lacks
        ? Option.some(new MissingCapability({ capability: "CAP_SYS_CHROOT", directory: root.path }))
        : Option.none()
      expect(Either.getLeft(planned)).toStrictEqual(refusal)
      expect(Option.isSome(Either.getRight(planned))).toBe(Option.isNone(refusal))
    })
  })

  it("the plan of local has no privileged operation, that of a root exactly its chroot", () => {
    forAnyPlan((operations, { root }) => {
      expect(operations.filter(isPrivileged)).toStrictEqual(
        root._tag === "Local" ? [] : [Operation.Chroot({ directory: root.path })]
      )
    })
  })

  it("a chroot is directly followed by chdir to /, and nothing that names a path comes before", () => {
    forAnyPlan((operations, { root }) => {
      const [at] = positions(operations, "Chroot")
      expect(at === undefined).toBe(root._tag === "Local")
      if (at === undefined) return
      expect(operations[at + 1]).toStrictEqual(
        Operation.Chdir({ directory: CString.make("/"), role: "root" })
      )
      expect(operations.slice(0, at).map(({ _tag }) => _tag)).toStrictEqual([
        "IgnoreSignals",
        "CloseFds",
        "KeepStdio",
        "OpenNull"
      ])
    })
  })

  it("descriptors are closed before anything else but the ignoring of signals", () => {
    forAnyPlan((operations) => {
      expect(positions(operations, "IgnoreSignals")).toStrictEqual([0])
      expect(positions(operations, "CloseFds")).toStrictEqual([1])
      expect(operations[1]).toStrictEqual(Operation.CloseFds({ first: 3 }))
    })
  })

  it("execve comes last and once, with the command line as it was given", () => {
    forAnyPlan((operations, { control }) => {
      expect(positions(operations, "ExecveFound")).toStrictEqual([operations.length - 1])
      expect(operations.at(-1)).toStrictEqual(Operation.ExecveFound({ argv: control.cmd }))
    })
  })

  it("the environment is merged once, of what was captured and what the package gives", () => {
    forAnyPlan((operations, { control, inherited }) => {
      const merges = operations.filter(Operation.$is("MergeEnvironment"))
      expect(merges.map(({ container, skyhook }) => [container, skyhook])).toStrictEqual([
        [inherited.environment, control.env]
      ])
    })
  })

  it("the command is found once, by name after the merge and by path before it", () => {
    forAnyPlan((operations, { control }) => {
      const [found = -1, ...more] = positions(operations, "FindCommand")
      const [merged = -1] = positions(operations, "MergeEnvironment")
      expect(more).toStrictEqual([])
      expect(found > merged).toBe(!control.cmd[0].includes("/"))
      expect(operations[found]).toStrictEqual(
        Operation.FindCommand({ command: control.cmd[0], directory: control.copy_dir })
      )
    })
  })

  it("execute bits are added once, after the command was found and copy_dir checked, unless no_chmod", () => {
    forAnyPlan((operations, { control }) => {
      const added = positions(operations, "AddExecuteBits")
      expect(added).toHaveLength(control.no_chmod ? 0 : 1)
      const before = [...positions(operations, "FindCommand"), ...positions(operations, "CheckDirectory")]
      expect(added.filter((at) => at < Math.max(...before))).toStrictEqual([])
    })
  })

  it("the step starts in copy_dir, entered after all that belongs to the root", () => {
    forAnyPlan((operations, { control, inherited, parent, report }) => {
      const [entered, ...tail] = operations.slice(positions(operations, "Chdir").at(-1))
      expect(entered).toStrictEqual(Operation.Chdir({ directory: control.copy_dir, role: "copy_dir" }))
      expect(tail.map(({ _tag }) => _tag)).toStrictEqual([
        ...(parent === undefined ? [] : ["DieWithParent"]),
        "RestoreSignals",
        ...(Option.isNone(inherited.openFiles) ? [] : ["LimitOpenFiles"]),
        ...(report === undefined ? [] : ["Announce"]),
        "ExecveFound"
      ])
    })
  })
})
