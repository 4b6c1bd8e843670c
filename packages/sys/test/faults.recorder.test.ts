/**
 * An errno at every call in turn: the right typed error comes out, and no later call is made but to clean up.
 */
import * as Errno from "@chroot-exec/core/Errno"
import type { ExecError } from "@chroot-exec/core/ExecError"
import type { ExecPlan } from "@chroot-exec/core/ExecPlan"
import type { LibcOperations } from "@chroot-exec/sys/Libc"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { planFor } from "./support/plans.js"
import { carryOut, cleanup } from "./support/record.js"

/** What a failure of a call comes to: an error, or nothing, for calls that only clean up after success. */
type Consequence = ExecError["_tag"] | "goes on"

/** The output of `env` is read while wait4(2) waits: that is cut off when the wait fails. */
const meanwhile: ReadonlyArray<keyof LibcOperations> = ["poll", "read"]

type Expectation = readonly [operation: keyof LibcOperations, consequence: Consequence]

const prepare: ReadonlyArray<Expectation> = [
  ["signal", "RestoreFailed"],
  ["closeRange", "RestoreFailed"],
  ["setCloseOnExec", "RestoreFailed"],
  ["getStatusFlags", "RestoreFailed"],
  ["setCloseOnExec", "RestoreFailed"],
  ["getStatusFlags", "RestoreFailed"],
  ["setCloseOnExec", "RestoreFailed"],
  ["getStatusFlags", "RestoreFailed"],
  ["open", "EnvironmentUnreadable"]
]

const env: ReadonlyArray<Expectation> = [
  ["sigwait", "EnvironmentUnreadable"],
  ["statx", "EnvironmentUnreadable"],
  ["faccessat", "EnvironmentUnreadable"],
  ["statx", "EnvironmentUnreadable"],
  ["pipe2", "EnvironmentUnreadable"],
  ["setStatusFlags", "EnvironmentUnreadable"],
  ["posixSpawn", "EnvironmentUnreadable"],
  ["close", "goes on"],
  ["wait4", "EnvironmentUnreadable"],
  ["poll", "EnvironmentUnreadable"],
  ["read", "EnvironmentUnreadable"],
  ["read", "EnvironmentUnreadable"],
  ["read", "EnvironmentUnreadable"],
  ["close", "goes on"]
]

const restore: ReadonlyArray<Expectation> = [
  ["signal", "RestoreFailed"],
  ["signal", "RestoreFailed"],
  ["signal", "RestoreFailed"],
  ["sigprocmask", "RestoreFailed"],
  ["setrlimit", "RestoreFailed"]
]

const enter: Expectation = ["chdir", "DirectoryUnusable"]
const execve: Expectation = ["execve", "CommandNotExecutable"]

const kinds: ReadonlyArray<{
  readonly kind: string
  readonly plan: ExecPlan
  readonly expected: ReadonlyArray<Expectation>
}> = [
  {
    kind: "a path in a root",
    plan: planFor(),
    expected: [
      ...prepare,
      ["chroot", "ChrootFailed"],
      ["chdir", "DirectoryUnusable"],
      ["statx", "CommandNotExecutable"],
      ["statx", "DirectoryUnusable"],
      ["chmod", "ChmodFailed"],
      ...env,
      enter,
      ...restore,
      execve
    ]
  },
  {
    kind: "a step that dies with its parent, and a launcher that waits for it",
    plan: planFor({ no_chmod: true }, { root: "local", parent: 99, report: 5 }),
    expected: [
      ...prepare,
      ["statx", "CommandNotExecutable"],
      ["statx", "DirectoryUnusable"],
      ...env,
      enter,
      ["setParentDeathSignal", "RestoreFailed"],
      ["checkParent", "RestoreFailed"],
      ...restore,
      ["write", "RestoreFailed"],
      execve
    ]
  },
  {
    kind: "a bare name, local",
    plan: planFor({ cmd: ["tool"], no_chmod: true }, { root: "local" }),
    expected: [
      ...prepare,
      ["statx", "DirectoryUnusable"],
      ...env,
      ["statx", "CommandNotExecutable"],
      ["faccessat", "CommandNotExecutable"],
      ["statx", "CommandNotExecutable"],
      enter,
      ...restore,
      execve
    ]
  }
]

for (const { expected, kind, plan } of kinds) {
  describe(`EIO at each call of: ${kind}`, () => {
    it.effect("these are the calls", () =>
      Effect.gen(function*() {
        const { calls } = yield* carryOut(plan)
        expect(calls.map(({ operation }) => operation)).toEqual(expected.map(([operation]) => operation))
      }))

    for (const [index, [operation, consequence]] of expected.entries()) {
      it.effect(`call ${index + 1}, ${operation}: ${consequence}`, () =>
        Effect.gen(function*() {
          const fault = { nth: index + 1, errno: Errno.of("EIO") }
          const { calls, outcome } = yield* carryOut(plan, { fault })
          if (consequence === "goes on") {
            expect(outcome).toEqual({ became: "the step" })
            expect(calls).toHaveLength(expected.length)
          } else {
            const error = "error" in outcome ? outcome.error : undefined
            expect(error?._tag).toBe(consequence)
            expect(JSON.stringify(error)).toContain("EIO")
            const allowed = operation === "wait4" ? new Set([...cleanup, ...meanwhile]) : cleanup
            const later = calls.slice(index + 1).map((call) => call.operation)
            expect(later.filter((name) => !allowed.has(name))).toEqual([])
          }
        }))
    }
  })
}
