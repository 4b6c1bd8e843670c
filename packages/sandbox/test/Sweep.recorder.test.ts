/**
 * What is swept: what certainly belongs to a process that has ended, and nothing else.
 */
import { sweep } from "@chroot-exec/sandbox"
import {
  fromLabel,
  isDead,
  labels,
  type Owner,
  OWNER_LABEL,
  ProcessTable,
  toLabel
} from "@chroot-exec/sandbox/Owner"
import * as EngineRecorder from "@chroot-exec/sandbox/testing"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const self: Owner = { machine: "m1", boot: "b-1", namespace: "pid:[1]", pid: 10, start: "100" }

/** Where 10 is this process, and 11 another one. */
const processes = {
  self: Effect.succeed(Option.some(self)),
  startOf: (pid: number) => Effect.succeed(pid === 10 || pid === 11 ? Option.some("100") : Option.none())
}

const owners: ReadonlyArray<readonly [string, Partial<Owner>, dead: boolean, deadToo: boolean]> = [
  ["this process", {}, false, false],
  ["another process that runs", { pid: 11 }, false, false],
  ["a process that has ended", { pid: 12 }, true, true],
  ["one whose pid is another's now", { pid: 11, start: "99" }, true, true],
  ["a process in another container", { namespace: "pid:[2]", pid: 12 }, false, false],
  ["an earlier boot of this machine", { boot: "b-0", pid: 10 }, true, false],
  ["another machine", { machine: "m2", boot: "b-2" }, false, false],
  ["a machine without an id", { machine: "", boot: "b-2" }, false, false]
]

const label = (owner: Partial<Owner>) => ({ [OWNER_LABEL]: toLabel({ ...self, ...owner }) })

describe("whose process has ended", () => {
  it.effect.each(owners)("%s", ([, owner, local, remote]) =>
    Effect.gen(function*() {
      expect(yield* isDead(label(owner), true)).toBe(local)
      expect(yield* isDead(label(owner), false)).toBe(remote)
    }).pipe(Effect.provideService(ProcessTable, processes)))

  it.effect.each([
    undefined,
    "",
    "unknown",
    "m1 b-1 pid:[1] 12",
    "m1 b-1 pid:[1] 12 x",
    "m1 b-1 pid:[1] 12 9 9"
  ])(
    "a label of %j is nobody's",
    (text) =>
      Effect.map(
        isDead(text === undefined ? {} : { [OWNER_LABEL]: text }, true),
        (dead) => expect(dead).toBe(false)
      )
        .pipe(Effect.provideService(ProcessTable, processes))
  )

  it.effect("nobody's, where this process cannot be told", () =>
    Effect.map(isDead(label({ pid: 12 }), true), (dead) => expect(dead).toBe(false)).pipe(
      Effect.provideService(ProcessTable, { ...processes, self: Effect.succeedNone })
    ))

  it("a label is read as it was written", () => {
    for (const [, owner] of owners) {
      expect(fromLabel(toLabel({ ...self, ...owner }))).toStrictEqual(Option.some({ ...self, ...owner }))
    }
  })

  it.live("this process is told by /proc, and lives", () =>
    Effect.gen(function*() {
      const own = yield* labels("run", {})
      expect(Option.map(fromLabel(own[OWNER_LABEL] ?? ""), ({ pid }) => pid)).toStrictEqual(
        Option.some(process.pid)
      )
      expect(yield* isDead(own, true)).toBe(false)
    }))
})

it.effect("containers before volumes; what somebody else removes is no failure", () =>
  Effect.gen(function*() {
    const dead = label({ pid: 12 })
    const alive = label({})
    const recorder = EngineRecorder.make({
      containers: [{ id: "c1", labels: dead }, { id: "c2", labels: alive }, { id: "c3", labels: dead }],
      volumes: [{ id: "v1", labels: dead }, { id: "v2", labels: alive }]
    }, { operation: "containerDelete", nth: 1, failure: EngineRecorder.refusal(409) })
    const swept = yield* Effect.provide(sweep, recorder.layer).pipe(
      Effect.provideService(ProcessTable, processes)
    )
    expect(swept).toStrictEqual({ containers: ["c3"], volumes: ["v1"] })
    expect(recorder.calls.map(({ args, operation }) => `${operation} ${args.join(" ")}`)).toStrictEqual([
      `containerList ${OWNER_LABEL}`,
      "containerDelete c1",
      "containerDelete c3",
      `volumeList ${OWNER_LABEL}`,
      "volumeDelete v1"
    ])
  }))
