/**
 * Manual pages from help documents.
 */
import * as ManPage from "@chroot-exec/cli/agent/ManPage"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import { expect, it } from "@effect/vitest"

it("renders every kind of part, with hyphens, backslashes and leading dots as themselves", () => {
  const help = HelpDoc.blocks([
    HelpDoc.h1("Description"),
    HelpDoc.p(Span.concat(Span.text("Run a "), Span.strong("step"))),
    HelpDoc.p(".begins like a request, as 'this'\n'does; C:\\x"),
    HelpDoc.h1("Options"),
    HelpDoc.descriptionList([
      [Span.code("--dry-run"), HelpDoc.blocks([HelpDoc.p("Print."), HelpDoc.p("Change nothing.")])],
      [Span.text("-h"), HelpDoc.empty]
    ]),
    HelpDoc.enumeration([HelpDoc.p("one"), HelpDoc.p("two")])
  ])
  expect(
    ManPage.render({
      name: "agent-x",
      summary: "run a step",
      version: "1.2.3",
      synopsis: "agent x [-h]",
      help
    })
  )
    .toBe(`.TH AGENT\\-X 1 "" "chroot\\-exec 1.2.3" "User Commands"
.SH NAME
agent\\-x \\- run a step
.SH SYNOPSIS
.B agent x [\\-h]
.SH DESCRIPTION
.PP
Run a step
.PP
\\&.begins like a request, as 'this'
\\&'does; C:\\ex
.SH OPTIONS
.TP
.B \\-\\-dry\\-run
Print.
.IP
Change nothing.
.TP
.B \\-h
.IP \\(bu 2
one
.IP \\(bu 2
two
`)
})
