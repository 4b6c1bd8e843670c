import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as CommandSearch from "../src/CommandSearch.js"
import * as Errno from "../src/Errno.js"

describe("isBareName", () => {
  it.each([
    ["true", true],
    ["a.sh", true],
    ["..", true],
    ["", true],
    ["/bin/true", false],
    ["./true", false],
    ["bin/true", false],
    ["true/", false],
    ["/", false]
  ])("%j: %s", (command, expected) => expect(CommandSearch.isBareName(command)).toBe(expected))
})

describe("resolve", () => {
  it.each([
    ["/bin/true", "/work", "/bin/true"],
    ["/", "/work", "/"],
    ["step.sh", "/work", "/work/step.sh"],
    ["./step.sh", "/work", "/work/./step.sh"],
    ["../step.sh", "/work", "/work/../step.sh"],
    ["bin/step.sh", "/", "/bin/step.sh"],
    ["bin/step.sh", ".", "./bin/step.sh"]
  ])("%j under %j is %j", (path, directory, expected) => {
    expect(CommandSearch.resolve(path, directory)).toBe(expected)
  })
})

/** The rules of execvp(3), with the step's working directory for the caller's. */
describe("candidates", () => {
  it.each<[string, string | undefined, ReadonlyArray<string>]>([
    ["an unset PATH is /bin:/usr/bin", undefined, ["/bin/tool", "/usr/bin/tool"]],
    ["an empty PATH is the working directory, not the default", "", ["/work/tool"]],
    ["one element", "/opt/x", ["/opt/x/tool"]],
    ["elements in their order, repeated ones too", "/b:/a:/b", ["/b/tool", "/a/tool", "/b/tool"]],
    ["an empty element at the start", ":/bin", ["/work/tool", "/bin/tool"]],
    ["an empty element in the middle", "/bin::/sbin", ["/bin/tool", "/work/tool", "/sbin/tool"]],
    ["an empty element at the end", "/bin:", ["/bin/tool", "/work/tool"]],
    ["nothing but empty elements", "::", ["/work/tool", "/work/tool", "/work/tool"]],
    ["relative elements", "bin:./x:..", ["/work/bin/tool", "/work/./x/tool", "/work/../tool"]],
    ["the working directory by name", ".", ["/work/./tool"]],
    ["trailing slashes", "/bin/:/opt///:x/", ["/bin/tool", "/opt/tool", "/work/x/tool"]],
    ["the root", "/://", ["/tool", "/tool"]],
    ["no expansion", "~/bin:$HOME/bin", ["/work/~/bin/tool", "/work/$HOME/bin/tool"]],
    ["white space and escapes", " :\udcff\n", ["/work/ /tool", "/work/\udcff\n/tool"]]
  ])("%s", (_, path, expected) => {
    expect(CommandSearch.candidates("tool", path, "/work")).toStrictEqual(expected)
  })

  it("has no double slash when the working directory is the root", () => {
    expect(CommandSearch.candidates("tool", ":bin:/sbin", "/")).toStrictEqual([
      "/tool",
      "/bin/tool",
      "/sbin/tool"
    ])
  })

  it("has one absolute path that ends in the name for each element of any PATH", () => {
    const element = fc.string({ unit: fc.constantFrom("a", "/", ".", " ") })
    fc.assert(fc.property(fc.array(element, { minLength: 1 }), (elements) => {
      const found = CommandSearch.candidates("tool", elements.join(":"), "/work")
      expect(found).toHaveLength(elements.length)
      expect(found.filter((path) => !/^\/(?:.*\/)?tool$/.test(path))).toStrictEqual([])
      // Where the element is absolute the file is in it, otherwise under the working directory.
      expect(found.map((path) => path.startsWith("/work/"))).toStrictEqual(
        elements.map((element) => !element.startsWith("/"))
      )
    }))
  })

  /** A root's own `env` may print such a PATH; the regular expression takes 14 seconds for it. */
  it("takes no longer for a PATH of slashes than for another", () => {
    const path = `${"/".repeat(131_000)}y`
    // Processor time: how busy the machine is does not matter.
    const start = process.cpuUsage()
    const found = CommandSearch.candidates("tool", path, "/work")
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000)
    expect(found).toStrictEqual([`${path}/tool`])
  })
})

describe("isPassedOver", () => {
  it("goes on after errors that are about one file or one element of PATH, and after no other", () => {
    const errnos = Array.from({ length: 133 }, (_, index) => Errno.fromNumber(index + 1))
    expect(errnos.filter(CommandSearch.isPassedOver)).toStrictEqual([
      "ENOENT",
      "ENOEXEC",
      "EACCES",
      "ENODEV",
      "ENOTDIR",
      "ENAMETOOLONG",
      "ELOOP",
      "ETIMEDOUT",
      "ESTALE"
    ])
  })
})
