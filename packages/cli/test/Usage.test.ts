/**
 * What is wrong with a command line, told from what the help says.
 */
import * as Usage from "@chroot-exec/cli/agent/Usage"
import * as Argv from "@chroot-exec/cli/shared/Argv"
import { expect, it } from "@effect/vitest"

const help = "OPTIONS\n\n--dry-run text | json\n\n  One of the following: text, json\n\n(-h, --help)\n"

const problem = (...argv: ReadonlyArray<string>) =>
  Usage.problem(Argv.normalize(argv), help, argv[0] !== "chroot-exec")

it.each([
  [["chroot-exec", "--foo", "a", "b"], "unknown option --foo"],
  [["chroot-exec", "--foo=secret", "a", "b"], "unknown option --foo"],
  [
    ["chroot-exec", "--dry-run=\u009byaml", "a", "b"],
    "--dry-run takes one of text, json, not \"\\u009byaml\""
  ],
  [["nope"], "unknown command \"nope\""],
  // A bare --dry-run has its value, and what follows -- are operands.
  [["chroot-exec", "--dry-run", "a"], undefined],
  [["chroot-exec", "--", "--weird"], undefined],
  [["chroot-exec", "-h", "a"], undefined]
])("%j: %s", (argv, expected) => {
  expect(problem(...argv)).toBe(expected)
})
