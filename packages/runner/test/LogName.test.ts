/**
 * Names of log files, and which of them are old.
 */
import { baseName, outdated, suffixes, timestamp } from "@chroot-exec/runner/LogName"
import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"

const AT = Date.UTC(2026, 10, 24, 20, 15, 24, 999)

it("has the time in UTC, and a number from the second one of a second", () => {
  expect(timestamp(AT)).toBe("2026-11-24-201524")
  expect(baseName("step.sh", AT, 0)).toBe("step.sh-2026-11-24-201524")
  expect(baseName("step.sh", AT, 2)).toBe("step.sh-2026-11-24-201524-2")
})

describe("outdated", () => {
  it("is all but the newest, of each kind by itself", () => {
    const names = [1, 2, 3].flatMap((second) =>
      Object.values(suffixes).map((suffix) => baseName("a", AT + second * 1000, 0) + suffix)
    )
    expect([...outdated([...names, "a-2026-11-24-201525-1.log"], "a", 2)].sort()).toEqual([
      "a-2026-11-24-201525-1.log",
      "a-2026-11-24-201525.log",
      "a-2026-11-24-201525.log.err"
    ])
  })

  it("counts a tenth one of a second as newer than the ninth", () => {
    const names = [9, 10].map((counter) => `${baseName("a", AT, counter)}.log`)
    expect(outdated(names, "a", 1)).toEqual(["a-2026-11-24-201524-9.log"])
  })

  it("is never anything else", () => {
    const others = [
      "a",
      "a.log",
      "a-2026-11-24-201524.log.gz",
      "a-2026-11-24-201524-01.log",
      "a-2026-11-24-201524-x.log",
      "ab-2026-11-24-201524.log",
      "a-b-2026-11-24-201524.log",
      "a-2026-11-24-201524-2026-11-24-201524.log",
      "../a-2026-11-24-201524.log"
    ]
    expect(outdated(others, "a", 0)).toEqual([])
  })

  it("keeps the newest, however many there are and in whatever order", () => {
    fc.assert(fc.property(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 12 })), {
        selector: String
      }),
      fc.integer({ min: 0, max: 5 }),
      (ages, keep) => {
        const names = ages.map(([second, counter]) => `${baseName("s", AT + second * 1000, counter)}.log`)
        const byAge = [...ages]
          .sort(([second, counter], [otherSecond, otherCounter]) =>
            otherSecond - second || otherCounter - counter
          )
          .map(([second, counter]) => `${baseName("s", AT + second * 1000, counter)}.log`)
        expect(outdated(names, "s", keep)).toEqual(byAge.slice(keep))
      }
    ))
  })
})
