// Builds the native programs, or checks that the committed binaries come from their sources:
//
//     node scripts/native.mjs            builds each program with both compilers and records them in prebuilt/COMPILERS.json
//     node scripts/native.mjs --check    changes nothing; exit status 1 when a binary is not the recorded or the built one
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"

const root = join(import.meta.dirname, "..")

/** Each in one file, whose binaries are beside it in prebuilt/. */
const programs = [
  { name: "agent", source: join(root, "packages/cli/launcher/launcher.c") },
  { name: "supervise", source: join(root, "packages/runner/supervisor/supervisor.c") }
]

// The full names, because plain `gcc` is another compiler on another machine.
const compilers = [
  { arch: "x64", compiler: "x86_64-linux-gnu-gcc", debianPackage: "gcc" },
  { arch: "arm64", compiler: "aarch64-linux-gnu-gcc", debianPackage: "gcc-aarch64-linux-gnu" }
]

const targetsOf = ({ name, source }) =>
  compilers.map(({ arch, compiler, debianPackage }) => ({
    compiler,
    debianPackage,
    source,
    binary: `${name}-linux-${arch}`
  }))

const prebuiltOf = ({ source }) => join(dirname(source), "prebuilt")
const recordOf = (program) => join(prebuiltOf(program), "COMPILERS.json")

const flags = [
  "-std=c11",
  "-Os",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-pedantic",
  "-ffreestanding",
  "-nostdlib",
  "-static",
  "-fno-pie",
  "-no-pie",
  // The protector's canary and its failure function belong to libc, which is not there.
  "-fno-stack-protector",
  // Without it gcc may turn a loop into a call of memcpy or strlen, which are libc's too.
  "-fno-tree-loop-distribute-patterns",
  // Nothing unwinds this program, and nothing in it may depend on when and where it was built.
  "-fno-asynchronous-unwind-tables",
  "-fno-unwind-tables",
  "-fno-ident",
  "-Wl,--build-id=none",
  // One read-only, executable segment, and a stack that is not executable.
  "-Wl,-z,noseparate-code",
  "-Wl,-z,noexecstack",
  "-Wl,-s"
]

// The compiler reads CPATH, LIBRARY_PATH, LANG and others: it gets none of them.
const run = (program, args) =>
  execFileSync(program, args, {
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "inherit"]
  })

const firstLine = (text) => text.split("\n", 1)[0].trim()

/** The compiler's and the linker's version lines, or undefined when the compiler is not installed. */
const versions = (compiler) => {
  try {
    const linker = run(compiler, ["-print-prog-name=ld"]).trim()
    return {
      compiler: firstLine(run(compiler, ["--version"])),
      linker: firstLine(run(linker, ["--version"]))
    }
  } catch (error) {
    if (error.code === "ENOENT") return undefined
    throw error
  }
}

const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex")

const compile = ({ binary, compiler, source }, directory) => {
  const output = join(directory, binary)
  run(compiler, [...flags, "-o", output, source])
  return output
}

const build = (program, directory) => {
  const record = {}
  const [targets, prebuilt] = [targetsOf(program), prebuiltOf(program)]
  for (const target of targets) {
    const found = versions(target.compiler)
    if (found === undefined) {
      throw new Error(
        `${target.compiler} is missing: install it (Debian: apt-get install ${target.debianPackage})`
      )
    }
    const output = compile(target, directory)
    record[target.binary] = { ...found, bytes: statSync(output).size, sha256: sha256(output) }
  }
  // Both were built: only now is anything replaced.
  mkdirSync(prebuilt, { recursive: true })
  for (const { binary } of targets) {
    copyFileSync(join(directory, binary), join(prebuilt, binary))
    chmodSync(join(prebuilt, binary), 0o755)
    console.log(`${binary}: ${record[binary].bytes} bytes, sha256 ${record[binary].sha256}`)
  }
  writeFileSync(recordOf(program), `${JSON.stringify(record, null, 2)}\n`)
}

/** What is wrong with one committed binary, or undefined; says on stdout how far it was checked. */
const problem = (program, target, recorded, directory) => {
  const file = join(prebuiltOf(program), target.binary)
  if (recorded === undefined) return "is not recorded in COMPILERS.json: run `node scripts/native.mjs`"
  if (sha256(file) !== recorded.sha256) {
    return "is not the recorded binary (sha256 differs): run `node scripts/native.mjs`"
  }
  if ((statSync(file).mode & 0o111) !== 0o111) return "is not executable: chmod 755"

  const found = versions(target.compiler)
  if (found === undefined) {
    console.log(`${target.binary}: sha256 matches; not rebuilt, ${target.compiler} is missing`)
  } else if (found.compiler !== recorded.compiler || found.linker !== recorded.linker) {
    console.log(
      `${target.binary}: sha256 matches; not rebuilt, ${found.compiler} with ${found.linker} is here, `
        + `${recorded.compiler} with ${recorded.linker} is recorded`
    )
  } else if (!readFileSync(compile(target, directory)).equals(readFileSync(file))) {
    return `is not what ${found.compiler} makes of ${
      basename(target.source)
    }: run \`node scripts/native.mjs\``
  } else {
    console.log(
      `${target.binary}: sha256 matches; ${found.compiler} with ${found.linker} builds the same bytes`
    )
  }
}

const check = (program, directory) => {
  const record = JSON.parse(readFileSync(recordOf(program), "utf8"))
  for (const target of targetsOf(program)) {
    const found = problem(program, target, record[target.binary], directory)
    if (found === undefined) continue
    console.error(`${target.binary}: ${found}`)
    process.exitCode = 1
  }
}

const options = process.argv.slice(2)
if (options.length > 1 || (options.length === 1 && options[0] !== "--check")) {
  console.error("usage: node scripts/native.mjs [--check]")
  process.exit(2)
}

const directory = mkdtempSync(join(tmpdir(), "agent-native-"))
try {
  for (const program of programs) (options.length === 1 ? check : build)(program, directory)
} catch (error) {
  console.error(`native.mjs: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(directory, { recursive: true })
}
