import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import fc from "fast-check"
import { planChrootExec } from "../src/ChrootExec.js"
import * as CString from "../src/CString.js"
import type { ExecPlan } from "../src/ExecPlan.js"
import { isPrivileged, Operation, toJson, toLine, toLines } from "../src/ExecPlan.js"
import * as Signal from "../src/Signal.js"
import { anyRequest, control, directory, inherited, MARKER } from "./requests.js"

/** A plan with every operation there is, and every field of them. */
const full: ExecPlan = Either.getOrThrow(planChrootExec({
  control: control({ cmd: ["/steps/my step.sh", "--token", "x"], env: { "A B": "1", TOKEN: "2" } }),
  root: directory("/host"),
  inherited: inherited({
    ignored: Signal.set("SIGHUP"),
    blocked: Option.some(Signal.set("SIGUSR1", "SIGUSR2") | (1n << 33n)),
    stdio: { open: [0, 1, 2], nonBlocking: [1] }
  }),
  parent: 41,
  report: 5
}))

describe("toLines", () => {
  it("has a line for each stage and each operation, in order", () => {
    expect(toLines(full)).toStrictEqual([
      "enter:",
      "  IgnoreSignals signals=SIGHUP",
      "  CloseFds first=3",
      "  KeepStdio open=0,1,2 nonBlocking=1",
      "  OpenNull",
      "  Chroot directory=/host",
      "  Chdir directory=/",
      "  FindCommand command=\"/steps/my step.sh\" directory=/work",
      "  CheckDirectory directory=/work",
      "  AddExecuteBits",
      "  MergeEnvironment container=PATH,HOME package=\"A B\",TOKEN",
      "become:",
      "  Chdir directory=/work",
      "  DieWithParent parent=41",
      "  RestoreSignals ignored=SIGHUP blocked=SIGUSR1,SIGUSR2,SIG34",
      "  LimitOpenFiles soft=1024 hard=4096",
      "  Announce fd=5",
      "  ExecveFound command=\"/steps/my step.sh\" arguments=2"
    ])
  })

  it("leaves out what is not known, and shows what is empty", () => {
    expect(toLine(Operation.RestoreSignals({ ignored: 0n, blocked: undefined }))).toBe(
      "RestoreSignals ignored="
    )
    expect(toLine(Operation.RestoreSignals({ ignored: 0n, blocked: 0n }))).toBe(
      "RestoreSignals ignored= blocked="
    )
    expect(toLine(Operation.MergeEnvironment({ container: {}, skyhook: {}, stopOn: 0n }))).toBe(
      "MergeEnvironment container= package="
    )
  })

  it.each([
    ["/a/b_c-d.e:f@g%h+i", "/a/b_c-d.e:f@g%h+i"],
    // A comma separates the elements of a list.
    ["/a,b", "\"/a,b\""],
    ["", "\"\""],
    ["a b", "\"a b\""],
    ["a=b", "\"a=b\""],
    ["a\"b\\", "\"a\\\"b\\\\\""],
    ["a\nb\u001b[31m", "\"a\\nb\\u001b[31m\""],
    ["a\n", "\"a\\n\""],
    ["\udcff", "\"\\udcff\""],
    ["é", "\"é\""]
  ])("quotes all but plain text: %j", (path, shown) => {
    expect(toLine(Operation.Chroot({ directory: CString.make(path) }))).toBe(`Chroot directory=${shown}`)
  })

  it("is one line of text for each operation, whatever the request", () => {
    fc.assert(fc.property(anyRequest, (request) => {
      const lines = Either.match(planChrootExec(request), { onLeft: () => [], onRight: toLines })
      expect(lines.filter((line) => /[\0-\u001f]/.test(line))).toStrictEqual([])
      expect(lines.filter((line) => !/^(?:enter:|become:|  [A-Z][A-Za-z]+(?: .*)?)$/.test(line)))
        .toStrictEqual([])
    }))
  })

  /** U+009B begins a terminal's control sequence, as ESC [ does. */
  it.each([["DEL", "\u007f"], ["NEL", "\u0085"], ["CSI", "\u009b"]])(
    "does not show %s raw",
    (_, character) => {
      expect(toLine(Operation.Chroot({ directory: CString.make(`/a${character}`) }))).not.toContain(character)
    }
  )

  it("shows a limit of open files as it is", () => {
    expect(toLine(Operation.LimitOpenFiles({ soft: 0x1f_ffff_ffff_ffffn, hard: 0xffff_ffff_ffff_ffffn })))
      .toBe(
        "LimitOpenFiles soft=9007199254740991 hard=18446744073709551615"
      )
  })
})

describe("toJson", () => {
  it("has in each stage an object for each operation, in order, that JSON can hold", () => {
    const enter = [
      { operation: "IgnoreSignals", signals: ["SIGHUP"] },
      { operation: "CloseFds", first: 3 },
      { operation: "KeepStdio", open: [0, 1, 2], nonBlocking: [1] },
      { operation: "OpenNull" },
      { operation: "Chroot", directory: "/host" },
      { operation: "Chdir", directory: "/" },
      { operation: "FindCommand", command: "/steps/my step.sh", directory: "/work" },
      { operation: "CheckDirectory", directory: "/work" },
      { operation: "AddExecuteBits" },
      { operation: "MergeEnvironment", container: ["PATH", "HOME"], package: ["A B", "TOKEN"] }
    ]
    const become = [
      { operation: "Chdir", directory: "/work" },
      { operation: "DieWithParent", parent: 41 },
      { operation: "RestoreSignals", ignored: ["SIGHUP"], blocked: ["SIGUSR1", "SIGUSR2", "SIG34"] },
      { operation: "LimitOpenFiles", soft: 1024, hard: 4096 },
      { operation: "Announce", fd: 5 },
      { operation: "ExecveFound", command: "/steps/my step.sh", arguments: 2 }
    ]
    expect(toJson(full)).toStrictEqual({ enter, become })
    expect(JSON.parse(JSON.stringify(toJson(full)))).toStrictEqual({ enter, become })
  })
})

describe("what is shown of a plan", () => {
  it("never holds an argument of the step or a value of a variable", () => {
    const shown = (
      request: typeof anyRequest extends fc.Arbitrary<infer Request> ? Request : never
    ): string =>
      Either.match(planChrootExec(request), {
        onLeft: (error) => error.message,
        onRight: (plan) => `${toLines(plan).join("\n")}\n${JSON.stringify(toJson(plan))}`
      })
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(shown(request)).not.toContain(MARKER)
      }),
      { numRuns: 1000 }
    )
  })
})

describe("isPrivileged", () => {
  it("is true of the chroot alone", () => {
    expect([...full.enter, ...full.become].filter(isPrivileged).map(({ _tag }) => _tag)).toStrictEqual([
      "Chroot"
    ])
  })
})
