/**
 * Manual pages: the same as the help, in roff.
 */
import * as ManPage from "@chroot-exec/cli/agent/ManPage"
import { expect, it } from "@effect/vitest"
import { group, subject } from "./support/Subject.js"

it("renders every section, with hyphens, backslashes and leading dots as themselves", () => {
  expect(ManPage.render(subject, "1.2.3")).toBe(
    `.TH AGENT\\-STEP\\-TRY 1 "" "chroot\\-exec 1.2.3" "User Commands"
.SH NAME
agent\\-step\\-try \\- try a step
.SH SYNOPSIS
.B agent step try [\\-\\-dry\\-run[=text|json]] [\\-\\-env NAME=VALUE]... \\-\\-in directory [\\-\\-time time] [\\-\\-quiet] <file> \\-\\- CMD [ARG...]
.SH DESCRIPTION
.PP
It runs, and C:\\ex stays.
.PP
\\&.begins like a request
.SH ARGUMENTS
.TP
.B <file>
What is tried.
.SH OPTIONS
.TP
.B \\-\\-dry\\-run[=text|json]
Print.
.TP
.B \\-e, \\-\\-env NAME=VALUE
A variable. May be repeated.
.TP
.B \\-\\-in directory
Where. Required.
.TP
.B \\-\\-time time
How long. Default: 5s.
.TP
.B \\-\\-quiet
Say nothing.
.SH OPTIONS OF EVERY COMMAND
.TP
.B \\-h, \\-\\-help
Print this help.
.SH EXIT CODES
.TP
.B 0
it went well
.TP
.B the step's own
it did not
`
  )
})

it("names a page after the whole command", () => {
  expect([subject, group].map(({ page }) => ManPage.pageName(page))).toStrictEqual([
    "agent-step-try",
    "agent-step"
  ])
})
