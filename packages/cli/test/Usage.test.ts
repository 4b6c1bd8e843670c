/**
 * What is wrong with a command line, told from the table of the command.
 */
import * as Pages from "@chroot-exec/cli/agent/Pages"
import * as Usage from "@chroot-exec/cli/agent/Usage"
import * as Argv from "@chroot-exec/cli/shared/Argv"
import { expect, it } from "@effect/vitest"

const asked = (argv: ReadonlyArray<string>) => {
  const { page, rest } = Pages.find(Argv.normalize(argv))
  return { rest, options: [...page.options, ...Pages.builtIns], isGroup: Pages.below(page).length > 0 }
}

it.each([
  [["chroot-exec", "--foo", "a", "b"], "unknown option --foo"],
  [["chroot-exec", "--foo=secret", "a", "b"], "unknown option --foo"],
  [["chroot-exec", "-e", "a", "b"], "unknown option -e"],
  [
    ["chroot-exec", "--dry-run=\u009byaml", "a", "b"],
    "--dry-run takes one of text, json, not \"\\u009byaml\""
  ],
  [["run-step", "--on-signal"], "--on-signal takes one of forward, finish-then-stop, kill"],
  [["run-step", "-e", "--foo", "--copy-dir", "/"], undefined],
  [["run-step", "--copy-dir"], "--copy-dir takes a value: directory"],
  [["run-step", "--copy-dir="], "--copy-dir takes a value: directory"],
  [["run-step", "-e", "A=1", "--json"], "--copy-dir is missing"],
  [["run-step", "--copy-dir=/", "--copy-dir", "/a"], "--copy-dir is given more than once"],
  [["run-step", "--copy-dir=/", "--json", "--json"], "--json is given more than once"],
  [["run-step", "--copy-dir=/", "-e", "A=1", "--env=B=2"], undefined],
  [["nope"], "unknown command \"nope\""],
  [["sandbox", "nope"], "unknown command \"nope\""],
  // A bare --dry-run has its value, and what follows -- are operands.
  [["chroot-exec", "--dry-run", "a"], undefined],
  [["chroot-exec", "--", "--weird"], undefined],
  [["chroot-exec", "-h", "a"], undefined]
])("%j: %s", (argv, expected) => {
  const { isGroup, options, rest } = asked(argv)
  expect(Usage.problem(rest, options, isGroup)).toBe(expected)
})

it.each([
  [["--help"], true],
  [["chroot-exec", "a", "-h"], true],
  [["sandbox", "--help"], true],
  [["sandbox", "run", "--foo", "--help"], true],
  [["sandbox", "run", "--image", "--help"], false],
  [["sandbox", "run", "--image=--help"], false],
  [["chroot-exec", "--dry-run", "--help"], true],
  [["chroot-exec", "--", "--help"], false],
  [["chroot-exec", "a", "b"], false]
])("%j asks for help: %s", (argv, expected) => {
  const { options, rest } = asked(argv)
  expect(Usage.asksForHelp(rest, options)).toBe(expected)
})

it.each([
  [["sandbox", "run", "--image", "i", "-e"], "-e takes a value: NAME=VALUE"],
  [["sandbox", "run", "--image", "i", "-e", "A=1"], undefined],
  [["jail", "run", "--priv-mode"], "--priv-mode takes one of mdo, helper, none"],
  [["jail", "run", "--priv-mode=sudo", "--unknown", "--vnet"], undefined]
])("a value that %j lacks: %s", (argv, expected) => {
  const { options, rest } = asked(argv)
  expect(Usage.missingValue(rest, options)).toBe(expected)
})
