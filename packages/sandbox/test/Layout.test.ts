/**
 * Where volumes go.
 */
import { layout, SCRATCH } from "@chroot-exec/sandbox/Layout"
import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"

const none = { inputDirectory: undefined, collect: [], mounts: [], workingDirectory: undefined }

const targets = (request: Partial<Parameters<typeof layout>[0]>) => {
  const { directories, tmpfs, volumes } = layout({ ...none, ...request })
  return {
    volumes: volumes.map(({ target }) => target),
    directories,
    tmpfs: tmpfs.map(({ target }) => target)
  }
}

const all = SCRATCH.map(({ target }) => target)

describe("volumes", () => {
  it.each([
    ["nothing needs one", {}, [], [], all],
    ["the input's place", { inputDirectory: "/src" }, ["/src"], [], all],
    ["input in a scratch place", { inputDirectory: "/workspace" }, ["/workspace"], [], ["/tmp"]],
    ["input below one: all of it stays writable", { inputDirectory: "/workspace/a/b" }, ["/workspace"], [
      "/workspace/a",
      "/workspace/a/b"
    ], ["/tmp"]],
    [
      "collected from both",
      { collect: ["/tmp/x/r.xml", "/workspace/c"] },
      ["/tmp", "/workspace"],
      ["/tmp/x"],
      []
    ],
    ["several in one directory, and below it", { collect: ["/out/a", "/out/b", "/out/c/d"] }, ["/out"], [
      "/out/c"
    ], all],
    [
      "collected from the input",
      { inputDirectory: "/src", collect: ["/src/x/c.out"] },
      ["/src"],
      ["/src/x"],
      all
    ],
    ["the input below a collected path's directory", { inputDirectory: "/a/b", collect: ["/a/x"] }, ["/a"], [
      "/a/b"
    ], all],
    [
      "a name that only begins the same",
      { inputDirectory: "/a", collect: ["/ab/x"] },
      ["/a", "/ab"],
      [],
      all
    ],
    ["collected from a mount", { mounts: [{ target: "/data" }], collect: ["/data/x/y"] }, [], [], all],
    ["the working directory in the input", { inputDirectory: "/src", workingDirectory: "/src/w" }, ["/src"], [
      "/src/w"
    ], all],
    ["the working directory elsewhere", { workingDirectory: "/srv" }, [], [], all]
  ])("%s", (_, request, volumes, directories, tmpfs) => {
    expect(targets(request)).toStrictEqual({ volumes, directories, tmpfs })
  })

  it("only the image's own directories keep what the image has", () => {
    const { volumes } = layout({ ...none, inputDirectory: "/src", collect: ["/tmp/a", "/etc/b"] })
    expect(volumes).toStrictEqual([
      { target: "/etc", keepsImage: true, mode: 0o755 },
      { target: "/src", keepsImage: false, mode: 0o755 },
      { target: "/tmp", keepsImage: false, mode: 0o1777 }
    ])
  })

  const name = fc.constantFrom("a", "b", "tmp", "workspace")
  const path = fc.array(name, { minLength: 2, maxLength: 4 }).map((names) => `/${names.join("/")}`)

  it.prop(
    "each collected path is on exactly one volume",
    [fc.array(path), fc.option(path, { nil: undefined })],
    ([collect, input]) => {
      const { directories, tmpfs, volumes } = layout({ ...none, collect, inputDirectory: input })
      for (const file of [...collect, ...(input === undefined ? [] : [`${input}/file`])]) {
        expect(volumes.filter(({ target }) => file.startsWith(`${target}/`))).toHaveLength(1)
      }
      expect(volumes.some(({ target }) => tmpfs.some((other) => other.target === target))).toBe(false)
      for (const directory of directories) {
        const parent = directory.slice(0, directory.lastIndexOf("/"))
        expect(directories.includes(parent) || volumes.some(({ target }) => target === parent)).toBe(true)
      }
    }
  )
})
