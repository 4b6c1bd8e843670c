import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { constants } from "node:os"
import * as Errno from "../src/Errno.js"

/** Every number of Linux, 1..133, with the names that the table has. */
const table = Array.from({ length: 133 }, (_, index) => index + 1)
  .map((number) => [Errno.fromNumber(number), number] as const)
  .filter(([name, number]) => name !== `E${number}`)

describe("Errno", () => {
  it.runIf(process.platform === "linux")(
    "has the number that Node knows, wherever both know the name",
    () => {
      const node: Readonly<Record<string, number>> = constants.errno
      const both = table.filter(([name]) => Object.hasOwn(node, name))
      expect(both.map(([name]) => [name, node[name]])).toStrictEqual(both)
      // Those that Node does not know: asm-generic/errno.h.
      expect(table.filter(([name]) => !Object.hasOwn(node, name))).toStrictEqual([
        ["ELIBACC", 79],
        ["ELIBBAD", 80],
        ["EUSERS", 87]
      ])
    }
  )

  it("has the names of whatever the plans' system calls fail with", () => {
    const names = [
      "EPERM",
      "ENOENT",
      "E2BIG",
      "ENOEXEC",
      "EACCES",
      "ENOTDIR",
      "EINVAL",
      "ETXTBSY",
      "ELOOP",
      "EROFS"
    ]
    expect([1, 2, 7, 8, 13, 20, 22, 26, 40, 30].map(Errno.fromNumber)).toStrictEqual(names)
  })

  it("is a name of its own, and says something of its own, for each number", () => {
    expect(table).toHaveLength(46)
    expect(new Set(table.map(([name]) => name)).size).toBe(46)
    expect(new Set(table.map(([name]) => Errno.describe(name))).size).toBe(46)
  })

  it.each([[0, "E0"], [41, "E41"], [133, "E133"], [4095, "E4095"]])(
    "for %i, which the table lacks, is %s",
    (number, name) => {
      expect(Errno.fromNumber(number)).toBe(name)
      expect(Errno.describe(Errno.fromNumber(number))).toBe(`error ${number}`)
    }
  )

  it("is told from others by its name", () => {
    const errno = Errno.fromNumber(constants.errno.ECONNRESET)
    expect(Errno.is(errno, "ECONNRESET")).toBe(true)
    expect(Errno.is(errno, "EPIPE", "ECONNRESET")).toBe(true)
    expect(Errno.is(errno, "EPIPE", "EAGAIN")).toBe(false)
    expect(Errno.is(errno)).toBe(false)
  })

  it("says what strerror(3) says, in lower case", () => {
    expect(Errno.describe(Errno.of("ENOENT"))).toBe("no such file or directory")
    expect(Errno.describe(Errno.of("EPERM"))).toBe("operation not permitted")
    expect(Errno.describe(Errno.of("ENOEXEC"))).toBe("exec format error")
  })

  it("takes no name of a JavaScript object for one of its own", () => {
    expect(() => Schema.decodeSync(Errno.Errno)("constructor")).toThrow("Errno")
    expect(() => Schema.decodeSync(Errno.Errno)("__proto__")).toThrow("Errno")
  })

  it.each(["ENOENT", "E2BIG", "E4095"])("decodes %s", (name) => {
    expect(Schema.decodeSync(Errno.Errno)(name)).toBe(name)
  })

  it.each(["", "E", "enoent", "ENOENT\n", "E-1", "NOENT"])("refuses %j", (name) => {
    expect(() => Schema.decodeSync(Errno.Errno)(name)).toThrow("Expected ")
  })
})
