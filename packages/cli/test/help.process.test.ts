/**
 * `--help` of the built program, which is made from the tables of the commands.
 */
import * as Help from "@chroot-exec/cli/agent/Help"
import * as Pages from "@chroot-exec/cli/agent/Pages"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { call, nobody } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

const words = (name: string) => name.split(" ").filter((word) => word !== "")

describe("says what the table says, and nothing of the parser's:", () => {
  for (const page of Pages.pages) {
    it.scopedLive(`agent ${page.name}`, () =>
      Effect.gen(function*() {
        const sandbox = yield* Sandbox.scoped({ withRoot: false })
        const { pid: _, ...said } = yield* call(sandbox, [...words(page.name), "--help"], { user: nobody })
        const subject = { page, below: Pages.below(page), builtIns: Pages.builtIns }
        expect(said).toStrictEqual({
          exit: 0,
          signal: null,
          stdout: `${Help.render(subject, { bold: false })}\n`,
          stderr: ""
        })
      }))
  }
})

it.scopedLive("only before --", () =>
  Effect.gen(function*() {
    const sandbox = yield* Sandbox.scoped({ withRoot: false })
    const argv = ["jail", "run", "--dry-run", "--", "ls", "--help"]
    expect((yield* call(sandbox, argv, { user: nobody })).stdout).toBe("ls\n--help\n")
  }))
