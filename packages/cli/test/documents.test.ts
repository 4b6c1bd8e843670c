/**
 * What the documents show compiles and runs: code blocks of the READMEs, and examples of doc comments.
 */
import { exitCodes } from "@chroot-exec/cli/shared/AgentError"
import { reactions } from "@chroot-exec/cli/shared/Signals"
import { CString, decodeControlFile, ExecPlan, planChrootExec, Root } from "@chroot-exec/core"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { build } from "esbuild"
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

const root = join(import.meta.dirname, "../../..")
const cli = join(root, "packages/cli")

interface Example {
  readonly name: string
  readonly code: string
}

const named = (file: string, codes: ReadonlyArray<string>): ReadonlyArray<Example> =>
  codes.map((code, index) => ({ name: `${relative(root, file)} ${index + 1}`, code }))

/** Blocks of TypeScript in Markdown. */
const fromMarkdown = (file: string): ReadonlyArray<Example> =>
  named(
    file,
    [...readFileSync(file, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code)
  )

/** What stands between `@example` and the next tag. */
const fromComments = (file: string): ReadonlyArray<Example> =>
  named(
    file,
    [...readFileSync(file, "utf8").matchAll(/^ \* @example\n([\s\S]*?)^ \* @/gm)].map(([, block = ""]) =>
      block.replace(/^ \* ?/gm, "")
    )
  )

const packages = readdirSync(join(root, "packages"))

const sources = packages.flatMap((name) => {
  const directory = join(root, "packages", name, "src")
  return readdirSync(directory, { encoding: "utf8", recursive: true })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(directory, file))
})

const readmes = [
  join(root, "README.md"),
  ...packages.map((name) => join(root, "packages", name, "README.md"))
]

const examples = [...readmes.flatMap(fromMarkdown), ...sources.flatMap(fromComments)]

/** Inside the package, so that its dependencies are found. */
let directory = ""
const path = (index: number) => join(directory, `example${index}.ts`)

beforeAll(() => {
  directory = mkdtempSync(join(cli, "node_modules/.examples-"))
  for (const [index, { code }] of examples.entries()) writeFileSync(path(index), code)
})

afterAll(() => rmSync(directory, { recursive: true }))

it("there are some", () => {
  expect(examples.map(({ name }) => name.replace(/ \d+$/, ""))).toEqual(expect.arrayContaining([
    "README.md",
    "packages/sys/README.md",
    "packages/core/src/Environment.ts",
    "packages/core/src/ControlFile.ts",
    "packages/sys/src/testing.ts"
  ]))
})

it("they compile", () => {
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../../tsconfig.test.base.json",
      compilerOptions: {
        composite: false,
        incremental: false,
        noUnusedLocals: false,
        customConditions: ["source"],
        allowImportingTsExtensions: true
      },
      include: ["*.ts"]
    })
  )
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const run = () =>
    execFileSync(process.execPath, [tsc, "-p", directory], { encoding: "utf8", stdio: "pipe" })
  expect(run()).toBe("")
})

describe("they run", () => {
  for (const [index, { name }] of examples.entries()) {
    it(`the example of ${name}`, async () => {
      const outfile = join(directory, `example${index}.mjs`)
      await build({
        entryPoints: [path(index)],
        outfile,
        bundle: true,
        platform: "node",
        format: "esm",
        // For packages that are CommonJS.
        banner: {
          js:
            "import { createRequire as forCommonJs } from \"node:module\"; const require = forCommonJs(import.meta.url)"
        },
        conditions: ["source"],
        logLevel: "silent",
        external: ["koffi"]
      })
      const printed = execFileSync(process.execPath, [outfile], { encoding: "utf8", stdio: "pipe" })
      expect(printed).toBe("")
    })
  }
})

const read = (file: string): string => readFileSync(join(root, file), "utf8")

/** The first block of a language in a document. */
const block = (document: string, language: string): string =>
  new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "m").exec(document)?.[1] ?? ""

/** Where a document leads: its links, and the files that it names by their paths from the repository's root. */
const leads = (file: string): ReadonlyArray<string> => {
  const text = readFileSync(file, "utf8")
  const links = [...text.matchAll(/\]\((?!\w+:|#)([^)#]+)/g)].map(([, path = ""]) =>
    join(dirname(file), path)
  )
  const named = [...text.matchAll(/`((?:packages|scripts|docker|bench|docs|examples)\/[\w./-]+)`/g)]
    .map(([, path = ""]) => join(root, path))
  return [...links, ...named]
}

const documents = [
  ...readmes,
  ...readdirSync(join(root, "docs"), { encoding: "utf8", recursive: true })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(root, "docs", file))
]

it.each(documents.map((file) => [relative(root, file), file] as const))(
  "%s leads to what is there",
  (_, file) => {
    expect(leads(file).filter((path) => !existsSync(path))).toStrictEqual([])
  }
)

it("the plan in the README is that of the control file there", () => {
  const control = Either.getOrThrow(decodeControlFile(block(read("README.md"), "json")))
  const plan = planChrootExec({
    control,
    root: Root.Directory({ path: CString.make("/host") }),
    inherited: {
      environment: { PATH: "/usr/bin:/bin", HOME: "/root" },
      capabilities: Option.none(),
      ignored: 0n,
      blocked: Option.some(0n),
      openFiles: Option.some({ soft: 1024n, hard: 4096n }),
      stdio: { open: [0, 1, 2], nonBlocking: [] }
    }
  })
  const lines = Either.getOrThrow(Either.map(plan, ExecPlan.toLines))
  expect(block(read("README.md"), "text")).toBe(`${lines.join("\n")}\n`)
})

it("the table of errors has every error with its code", () => {
  const rows = [...read("docs/exit-codes.md").matchAll(/^\| `(\w+)` +\| (\d+|) +\|/gm)]
  const documented = rows.map(([, tag = "", code = ""]) => [tag, code])
  // It has a code, which does not show: the agent dies by the signal.
  const actual = Object.entries(exitCodes).map((
    [tag, code]
  ) => [tag, tag === "Terminated" ? "" : String(code)])
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(actual))
})

it("the table of signals has every command that hears them", () => {
  const [, table = ""] = read("docs/exit-codes.md").split("## Signals")
  const documented = new Set(
    Array.from(table.matchAll(/^\| `([a-z-]+(?: [a-z]+)?)/gm), ([, command = ""]) => command)
  )
  expect([...documented]).toStrictEqual(["chroot-exec", ...Object.keys(reactions)])
})
