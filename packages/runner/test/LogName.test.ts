/**
 * Names of log files, and which of them are old.
 */
import { baseName, nextCounter, outdated, suffixes, timestamp } from "@chroot-exec/runner/LogName"
import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"

const AT = Date.UTC(2026, 10, 24, 20, 15, 24, 999)

it("has the time in UTC, and a number from the second one of a second", () => {
  expect(timestamp(AT)).toBe("2026-11-24-201524")
  expect(baseName("step.sh", AT, 0)).toBe("step.sh-2026-11-24-201524")
  expect(baseName("step.sh", AT, 2)).toBe("step.sh-2026-11-24-201524-2")
})

describe("nextCounter", () => {
  it("is above all of this second, of either kind and however few are left", () => {
    expect(nextCounter([], "a", AT)).toBe(0)
    expect(nextCounter(["a-2026-11-24-201524.log"], "a", AT)).toBe(1)
    expect(nextCounter(["a-2026-11-24-201524-9.log", "a-2026-11-24-201524-10.log.err"], "a", AT)).toBe(11)
  })

  it("does not look at other seconds, other steps, or other files", () => {
    const others = [
      "a-2026-11-24-201523-7.log",
      "a-2026-11-24-201525-7.log",
      "ab-2026-11-24-201524-7.log",
      "a-2026-11-24-201524-07.log",
      "a-2026-11-24-201524-7.txt"
    ]
    expect(nextCounter(others, "a", AT)).toBe(0)
  })

  it("makes every log the newest, whatever has been removed before", () => {
    fc.assert(fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 3 }),
      (steps, keep) => {
        let at = AT
        let names: ReadonlyArray<string> = []
        for (const step of steps) {
          // Most logs are of the same second as the one before.
          if (step === 3) at += 1000
          const made = `${baseName("s", at, nextCounter(names, "s", at))}.log`
          expect(names).not.toContain(made)
          const all = names.concat(made)
          const old = outdated(all, "s", keep)
          expect(old).not.toContain(made)
          names = all.filter((name) => !old.includes(name))
        }
      }
    ))
  })
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
