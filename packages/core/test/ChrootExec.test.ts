import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { planChrootExec } from "../src/ChrootExec.js"
import * as CString from "../src/CString.js"
import { MissingCapability } from "../src/ExecError.js"
import { type ExecPlan, Operation } from "../src/ExecPlan.js"
import { Root } from "../src/Root.js"
import * as Signal from "../src/Signal.js"
import { CAP_SYS_CHROOT, control, directory, inherited } from "./requests.js"

const SIGHUP_INT_QUIT_TERM = 0x4007n

const operationsOf = ({ become, enter }: ExecPlan): ReadonlyArray<Operation> => [...enter, ...become]

/** The operations for a request that differs from the plain one in what is given. */
const plan = (
  fields: Parameters<typeof control>[0],
  root: Root = directory("/host"),
  given: Parameters<typeof inherited>[0] = {}
): ReadonlyArray<Operation> =>
  operationsOf(
    Either.getOrThrow(planChrootExec({ control: control(fields), root, inherited: inherited(given) }))
  )

const closing = [
  Operation.IgnoreSignals({ signals: 0n }),
  Operation.CloseFds({ first: 3 }),
  Operation.KeepStdio({ open: [0, 1, 2], nonBlocking: [] }),
  Operation.OpenNull()
]
const entering = [
  Operation.Chroot({ directory: CString.make("/host") }),
  Operation.Chdir({ directory: CString.make("/"), role: "root" })
]
const find = (command: string) =>
  Operation.FindCommand({ command: CString.make(command), directory: CString.make("/work") })
const check = Operation.CheckDirectory({ directory: CString.make("/work"), role: "copy_dir" })
const merge = Operation.MergeEnvironment({
  container: { PATH: "/bin", HOME: "/root" },
  skyhook: { PACKAGE: "package" },
  stopOn: SIGHUP_INT_QUIT_TERM
})
const becoming = (command: string, ...rest: ReadonlyArray<string>) => [
  Operation.Chdir({ directory: CString.make("/work"), role: "copy_dir" }),
  Operation.RestoreSignals({ ignored: 0n, blocked: 0n }),
  Operation.LimitOpenFiles({ soft: 1024n, hard: 4096n }),
  Operation.ExecveFound({ argv: [CString.make(command), ...rest.map(CString.make)] })
]

describe("the plan of", () => {
  it("a path: found and made executable before the root's env runs", () => {
    expect(plan({})).toStrictEqual([
      ...closing,
      ...entering,
      find("/steps/s.sh"),
      check,
      Operation.AddExecuteBits(),
      merge,
      ...becoming("/steps/s.sh", "argument")
    ])
  })

  it("a relative path: a path too, under copy_dir", () => {
    expect(plan({ cmd: ["./s.sh"] })).toStrictEqual([
      ...closing,
      ...entering,
      find("./s.sh"),
      check,
      Operation.AddExecuteBits(),
      merge,
      ...becoming("./s.sh")
    ])
  })

  it("a bare name: found after the root's env, whose PATH counts", () => {
    expect(plan({ cmd: ["tool", "a", ""] })).toStrictEqual([
      ...closing,
      ...entering,
      check,
      merge,
      find("tool"),
      Operation.AddExecuteBits(),
      ...becoming("tool", "a", "")
    ])
  })

  it("no_chmod=true skips the chmod, of a path and of a bare name", () => {
    expect(plan({ no_chmod: true })).toStrictEqual([
      ...closing,
      ...entering,
      find("/steps/s.sh"),
      check,
      merge,
      ...becoming("/steps/s.sh", "argument")
    ])
    expect(plan({ no_chmod: true, cmd: ["tool"] })).toStrictEqual([
      ...closing,
      ...entering,
      check,
      merge,
      find("tool"),
      ...becoming("tool")
    ])
  })

  it("local: the same without chroot and without the chdir to /", () => {
    expect(plan({}, Root.Local())).toStrictEqual([
      ...closing,
      find("/steps/s.sh"),
      check,
      Operation.AddExecuteBits(),
      merge,
      ...becoming("/steps/s.sh", "argument")
    ])
  })
})

describe("a plan", () => {
  const only = <Tag extends Operation["_tag"]>(tag: Tag, operations: ReadonlyArray<Operation>) =>
    operations.filter(Operation.$is(tag))

  it("ignores from the start what the caller ignored of the signals that end a process", () => {
    const ignored = Signal.set("SIGHUP", "SIGTERM", "SIGPIPE", "SIGCHLD")
    expect(plan({}, Root.Local(), { ignored })[0]).toStrictEqual(
      Operation.IgnoreSignals({ signals: Signal.set("SIGHUP", "SIGTERM") })
    )
  })

  it("does not stop on signals that the caller ignored or blocked", () => {
    const given = { ignored: Signal.set("SIGHUP", "SIGPIPE"), blocked: Option.some(Signal.set("SIGINT")) }
    expect(only("MergeEnvironment", plan({}, Root.Local(), given)).map(({ stopOn }) => stopOn)).toStrictEqual(
      [
        Signal.set("SIGQUIT", "SIGTERM")
      ]
    )
  })

  it("restores what is known of the caller, and leaves the rest", () => {
    const unknown = plan({}, Root.Local(), { ignored: 1n, blocked: Option.none(), openFiles: Option.none() })
    expect(only("RestoreSignals", unknown)).toStrictEqual([
      Operation.RestoreSignals({ ignored: 1n, blocked: undefined })
    ])
    expect(only("LimitOpenFiles", unknown)).toStrictEqual([])
    const stdio = { open: [0, 2], nonBlocking: [2] }
    expect(only("KeepStdio", plan({}, Root.Local(), { stdio }))).toStrictEqual([Operation.KeepStdio(stdio)])
  })

  it("dies with its parent and tells a launcher only when asked to, the one before signals are as the step's", () => {
    const request = { control: control(), root: Root.Local(), inherited: inherited() }
    const asked = operationsOf(Either.getOrThrow(planChrootExec({ ...request, parent: 41, report: 5 })))
    expect(asked.slice(-5)).toStrictEqual([
      Operation.DieWithParent({ parent: 41 }),
      Operation.RestoreSignals({ ignored: 0n, blocked: 0n }),
      Operation.LimitOpenFiles({ soft: 1024n, hard: 4096n }),
      Operation.Announce({ fd: 5 }),
      Operation.ExecveFound({ argv: control().cmd })
    ])
    expect(plan({}, Root.Local())).toStrictEqual(
      asked.filter(({ _tag }) => _tag !== "DieWithParent" && _tag !== "Announce")
    )
  })

  it("enters a root as it is named, relative ones too", () => {
    expect(only("Chroot", plan({}, directory("./local")))).toStrictEqual([
      Operation.Chroot({ directory: CString.make("./local") })
    ])
  })
})

describe("a root needs CAP_SYS_CHROOT", () => {
  const request = (root: Root, capabilities: Option.Option<bigint>) =>
    planChrootExec({ control: control(), root, inherited: inherited({ capabilities }) })

  it("and is refused by a process that knows it lacks it, whatever others it has", () => {
    const refused = Either.left(new MissingCapability({ capability: "CAP_SYS_CHROOT", directory: "/host" }))
    expect(request(directory("/host"), Option.some(0n))).toStrictEqual(refused)
    expect(request(directory("/host"), Option.some(~CAP_SYS_CHROOT & 0x1ff_ffff_ffffn))).toStrictEqual(
      refused
    )
  })

  it("and is tried by a process that does not know its capabilities", () => {
    expect(request(directory("/host"), Option.none())).toStrictEqual(
      request(directory("/host"), Option.some(CAP_SYS_CHROOT))
    )
  })

  it("and local needs none", () => {
    expect(request(Root.Local(), Option.some(0n))).toStrictEqual(
      request(Root.Local(), Option.some(CAP_SYS_CHROOT))
    )
    expect(Either.isRight(request(Root.Local(), Option.some(0n)))).toBe(true)
  })
})
