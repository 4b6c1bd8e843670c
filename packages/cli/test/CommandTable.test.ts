/**
 * From a table to a parser: what it takes, and what the compiler refuses.
 */
import * as Pages from "@chroot-exec/cli/agent/Pages"
import * as CommandTable from "@chroot-exec/cli/shared/CommandTable"
import { optionTerm } from "@chroot-exec/cli/shared/Grammar"
import * as OptionValues from "@chroot-exec/cli/shared/OptionValues"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { expect, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** What a command takes. */
interface Taken {
  readonly file: string
  readonly quiet: boolean
  readonly place: string
  readonly count: Option.Option<number>
  readonly grace: Duration.Duration
  readonly env: ReadonlyArray<readonly [string, string]>
  readonly form: Option.Option<"text" | "json">
}

const rows = {
  quiet: CommandTable.flag({ name: "quiet", alias: "q", description: "Say nothing." }),
  place: CommandTable.required({ name: "place", description: "Where." }, OptionValues.text("directory")),
  count: CommandTable.optional(
    { name: "count", description: "How many." },
    OptionValues.integer("number")
  ),
  grace: CommandTable.withDefault({ name: "grace", description: "How long." }, OptionValues.time, "5s"),
  env: CommandTable.repeated(
    { name: "env", alias: "e", description: "A variable." },
    OptionValues.pair("NAME=VALUE", "=")
  ),
  form: CommandTable.optional(
    { name: "form", description: "How." },
    OptionValues.choice("text", "json")
  )
}

const file = CommandTable.operand({ name: "file", description: "What is read." })

const table: CommandTable.Table<Taken> = { ...rows, file }

/** The options of a table for a command that takes these. */
const optionsOf = <Of>(table: CommandTable.Table<Of>) =>
  CommandTable.abouts(table).options.map(({ name }) => name)

it("the compiler refuses what a command does not take, takes as another type, or lacks", () => {
  // @ts-expect-error the file is missing
  expect(optionsOf<Taken>(rows)).toHaveLength(6)
  // @ts-expect-error the command does not take it
  expect(optionsOf<Pick<Taken, "file">>({ file, quiet: rows.quiet })).toStrictEqual(["quiet"])
  // @ts-expect-error the command takes a number
  expect(optionsOf<Pick<Taken, "count">>({ count: rows.place })).toStrictEqual(["place"])
})

/** What the command got, or what was wrong. */
const parse = (...argv: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    let got: Taken | undefined
    const command = Command.make("try", table, (taken) =>
      Effect.sync(() => {
        got = taken
      }))
    const silent = { ...(yield* Console.consoleWith(Effect.succeed)), error: () => Effect.void }
    return yield* Command.run(command, { name: "try", version: "1" })(["node", "try", ...argv]).pipe(
      Effect.map(() => got),
      Effect.catchIf(
        ValidationError.isValidationError,
        ({ error }) => Effect.succeed(HelpDoc.toAnsiText(error).trim())
      ),
      Effect.withConsole(silent),
      Effect.provide(NodeContext.layer)
    )
  })

it.effect("everything is given", () =>
  Effect.gen(function*() {
    const options = ["-q", "--place", "/a", "--count", "3", "--grace", "2m", "-e", "A=1", "--env", "B=b=c"]
    expect(yield* parse(...options, "--form", "json", "f")).toStrictEqual({
      file: "f",
      quiet: true,
      place: "/a",
      count: Option.some(3),
      grace: Duration.minutes(2),
      env: [["A", "1"], ["B", "b=c"]],
      form: Option.some("json")
    })
  }))

it.effect("nothing but what must be", () =>
  Effect.gen(function*() {
    expect(yield* parse("--place", "/a", "f")).toStrictEqual({
      file: "f",
      quiet: false,
      place: "/a",
      count: Option.none(),
      grace: Duration.seconds(5),
      env: [],
      form: Option.none()
    })
  }))

it.effect.each(
  [
    ["--count takes a whole number", ["--count", "x"]],
    ["--grace takes a time, such as 90s or 2m", ["--grace", "soon"]],
    ["--env takes NAME=VALUE", ["-e", "A=1", "-e", "=b"]]
  ] as const
)("%s", ([problem, options]) =>
  Effect.map(
    parse("--place", "/a", ...options, "f"),
    (said) => expect(said).toContain(problem)
  ))

it("what every command takes is what @effect/cli takes", () => {
  const help = HelpDoc.toAnsiText(
    Command.getHelp(Command.make("try"), CliConfig.make({ showBuiltIns: true }))
  ).replaceAll(/\u001b\[[0-9;]*m/g, "")
  const terms = [...help.matchAll(/^\(?(-[^)\n]*)\)?$/gm)].map(([, term = ""]) => term.replaceAll(" | ", "|"))
  expect(Pages.builtIns.map(optionTerm)).toStrictEqual(terms)
})
