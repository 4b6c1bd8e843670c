import { describe, expect, it } from "@effect/vitest"
import * as Capability from "../src/Capability.js"

describe("has", () => {
  it("looks at bit 18 for CAP_SYS_CHROOT, as capability.h numbers it", () => {
    const bits = Array.from({ length: 64 }, (_, bit) => bit)
    expect(bits.filter((bit) => Capability.has(2n ** BigInt(bit), "CAP_SYS_CHROOT"))).toStrictEqual([18])
  })

  it("finds it in the set that /proc/PID/status shows for root, and in Docker's default, and not in none", () => {
    expect(Capability.has(0x1ff_ffff_ffffn, "CAP_SYS_CHROOT")).toBe(true)
    expect(Capability.has(0xa80425fbn, "CAP_SYS_CHROOT")).toBe(true)
    expect(Capability.has(0n, "CAP_SYS_CHROOT")).toBe(false)
  })
})
