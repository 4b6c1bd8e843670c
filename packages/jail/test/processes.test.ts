/**
 * Which processes of a jail belong to a spawn.
 */
import { describe, expect, it } from "@effect/vitest"
import { belonging, parse } from "../src/internal/processes.js"

const MARK = "CHROOT_EXEC_SPAWN=0123"

const PS = [
  "  10     1    10    10 Is   PATH=/bin /usr/sbin/cron",
  ` 100    99   100   100 S+J  PATH=/bin ${MARK} A=\\^[ sh -c x`,
  " 101   100   100   100 S    - sleep 1",
  " 102   100   102   102 Z    <defunct>",
  " 103   101   103   103 I    () cleared, a child of ours",
  " 104     1   104   103 I    in the session of a child",
  " 105   104   105   105 I    a grandchild",
  ` 200    99   200   200 S    CHROOT_EXEC_SPAWN=01234 another spawn`,
  ` 201    99   201   201 S    X${MARK} not the variable`,
  "   0     0     0     0 DLs  [kernel]",
  "   2     0     0     0 DL   [crypto]",
  "garbage",
  ""
].join("\n")

it("by the mark, by the sessions of the marked, and by descent", () => {
  expect(belonging(MARK, parse(PS)).map(({ pid }) => pid)).toStrictEqual([100, 101, 103, 104, 105])
})

it("nobody else when nobody is marked", () => {
  expect(belonging("CHROOT_EXEC_SPAWN=none", parse(PS))).toStrictEqual([])
})

describe("a process of session 0", () => {
  it("says nothing of the others there", () => {
    const processes = parse(` 1 0 0 0 S ${MARK} a\n 2 0 0 0 S b`)
    expect(belonging(MARK, processes).map(({ pid }) => pid)).toStrictEqual([1])
  })
})

it("zombies are left out, whatever is said of them", () => {
  expect(parse(` 5 1 5 5 Z ${MARK} x`)).toStrictEqual([])
})
