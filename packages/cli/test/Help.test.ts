/**
 * What `--help` prints.
 */
import * as Help from "@chroot-exec/cli/agent/Help"
import { expect, it } from "@effect/vitest"
import { group, subject } from "./support/Subject.js"

it("says all that is in the table", () => {
  expect(Help.render(subject, { bold: false })).toBe(`agent step try

Try a step.

USAGE

  agent step try [--dry-run[=text|json]] [--env NAME=VALUE]... --in directory [--time time] [--quiet] <file> -- CMD [ARG...]

DESCRIPTION

It runs, and C:\\x stays.

.begins like a request

ARGUMENTS

<file>
  What is tried.

OPTIONS

--dry-run[=text|json]
  Print.

-e, --env NAME=VALUE
  A variable. May be repeated.

--in directory
  Where. Required.

--time time
  How long. Default: 5s.

--quiet
  Say nothing.

OPTIONS OF EVERY COMMAND

-h, --help
  Print this help.

EXIT CODES

0               it went well
the step's own  it did not`)
})

it("fits into its columns, and has bold letters where they show", () => {
  const text = Help.render(subject, { columns: 30, bold: true })
  expect(text.split("\n").slice(0, 9)).toStrictEqual([
    "\u001b[1magent step try\u001b[0m",
    "",
    "Try a step.",
    "",
    "\u001b[1mUSAGE\u001b[0m",
    "",
    "  agent step try",
    "    [--dry-run[=text|json]]",
    "    [--env NAME=VALUE]..."
  ])
  const plain = text.replaceAll(/\u001b\[\dm/g, "")
  expect(plain.split("\n").filter((line) => line.length > 30)).toStrictEqual([])
})

it("has the commands below a command", () => {
  expect(Help.render(group, { bold: false })).toBe(`agent step

Do something with a step.

USAGE

  agent step <command> ...

COMMANDS

try  try a step

OPTIONS

-h, --help
  Print this help.`)
})
