/**
 * Command lines before they are parsed.
 */
import * as Argv from "@chroot-exec/cli/shared/Argv"
import { expect, it } from "@effect/vitest"

it.each([
  [["--mount=/a:/b"], ["--mount", "/a:/b"]],
  [["--env=A=b=c"], ["--env", "A=b=c"]],
  [["--env=A=two\nlines "], ["--env", "A=two\nlines "]],
  [["-e", "A=1", "a=b"], ["-e", "A=1", "a=b"]],
  // No value: for the parser to complain about.
  [["--out="], ["--out="]],
  [["--json"], ["--json"]]
])("the values of %j are separate", (argv, expected) => {
  expect(Argv.separateValues(argv)).toStrictEqual(expected)
})
