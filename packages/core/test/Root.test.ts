import { describe, expect, it } from "@effect/vitest"
import * as CString from "../src/CString.js"
import { fromArgument, Root } from "../src/Root.js"

describe("fromArgument", () => {
  it("takes exactly `local` for no chroot", () => {
    expect(fromArgument(CString.make("local"))).toStrictEqual(Root.Local())
  })

  it.each(["./local", "/local", "local/", "Local", " local", "local\n", "", "/", "root"])(
    "takes %j for a directory",
    (argument) => {
      const path = CString.make(argument)
      expect(fromArgument(path)).toStrictEqual(Root.Directory({ path }))
    }
  )
})
