// Decodes arbitrary control files, a million of them: each is decoded or refused, and none throws or hangs.
//
//     npm run fuzz -- [--runs N] [--seed S]
//
// The text with the number i is made from the seed and i alone, so that a seed repeats a run. A worker thread does
// the work and the main thread watches it: a decoder that hangs cannot be watched from its own thread.
import { build } from "esbuild"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"

const LONGEST_MS = 10_000

/** A random number generator, mulberry32, and what is made of its numbers. */
const random = (seed) => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const below = (limit) => Math.floor(next() * limit)
  const pick = (choices) => choices[below(choices.length)]
  const list = (longest, make) => Array.from({ length: below(longest + 1) }, make)
  return { below, pick, list, chance: (probability) => next() < probability }
}

const FIELDS = ["cmd", "no_chmod", "env", "copy_dir"]
const NAMES = [...FIELDS, "A", "PATH", "__proto__", "constructor", "", "A=B", "a b", "\0", "\ud800", "é"]
const CHARACTERS = [
  "a",
  "/",
  "=",
  ".",
  " ",
  "\n",
  "\"",
  "\\",
  "é",
  "😀",
  "\udc80",
  "\udcff",
  "\u2028",
  "\u009b"
]
const BAD_CHARACTERS = ["\0", "\ud800", "\udc7f", "\udd00"]
const NUMBERS = [
  "0",
  "-0",
  "1.5",
  "1e999",
  "-1E-999",
  "9".repeat(400),
  "0.1e+308",
  "01",
  "1.",
  "+1",
  "0x10",
  "NaN"
]
const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\"",
  "\\",
  "\\u",
  "true",
  "null",
  "\ufeff",
  "//",
  "\"cmd\":",
  "\0",
  "\n"
]

/** Texts of each kind, of which `textOf` mixes. */
const kinds = (rng) => {
  const { below, chance, list, pick } = rng
  const text = () => list(6, () => chance(0.02) ? pick(BAD_CHARACTERS) : pick(CHARACTERS)).join("")
  const name = () => chance(0.9) ? text().replaceAll("=", "") || "A" : pick(NAMES)
  const json = (depth) => {
    switch (below(depth === 0 ? 4 : 6)) {
      case 0:
        return text()
      case 1:
        return pick([0, -1.5, 1e21, 2 ** 53])
      case 2:
        return pick([true, false])
      case 3:
        return null
      case 4:
        return list(4, () => json(depth - 1))
      default:
        return Object.fromEntries(list(4, () => [pick(NAMES), json(depth - 1)]))
    }
  }
  const control = () => ({
    ...(chance(0.1) ? { [pick(NAMES)]: json(2) } : {}),
    cmd: [chance(0.5) ? "/steps/s.sh" : text() || "s", ...list(3, text)],
    no_chmod: chance(0.5),
    env: Object.fromEntries(list(4, () => [name(), text()])),
    copy_dir: `/${text()}`
  })
  const written = (value) => JSON.stringify(value, undefined, chance(0.1) ? pick([1, "\t"]) : undefined)
  const valid = () => written(control())
  const edited = (edit) => {
    const bytes = [...Buffer.from(valid())]
    for (const _ of Array.from({ length: 1 + below(3) })) edit(bytes, below(bytes.length + 1), below(12))
    return Uint8Array.from(bytes)
  }
  const swapped = () => {
    const value = control()
    const field = pick(FIELDS)
    if (field === "cmd" && chance(0.5)) value.cmd[below(value.cmd.length)] = json(2)
    else if (field === "env" && chance(0.5)) value.env[pick(NAMES)] = json(2)
    else if (chance(0.2)) delete value[field]
    else value[field] = json(2)
    return written(value)
  }
  const nested = () => {
    const depth = chance(0.01) ? 20_000 : below(200)
    const [open, close] = pick([["[", "]"], ["{\"a\":", "}"], ["[{\"env\":", "}]"]])
    const deep = open.repeat(depth) + (chance(0.5) ? "0" : "") +
      close.repeat(chance(0.9) ? depth : below(depth + 1))
    return chance(0.3) ? deep : `{"${pick([...FIELDS, "other"])}":${deep},${valid().slice(1)}`
  }
  const escaped = () =>
    valid().replaceAll(
      "a",
      () => chance(0.3) ? `\\ud${pick(["800", "c80", "cff", "83d\\ude00", "fff"])}` : "a"
    )
  return [
    () => Uint8Array.from(list(64, () => below(256))),
    () => written(json(5)),
    () => list(20, () => chance(0.2) ? pick(NUMBERS) : pick(TOKENS)).join(""),
    () => list(6, () => pick([valid(), "[", "]", " ", ","])).join(""),
    valid,
    valid,
    () => Buffer.from(valid()),
    () => edited((bytes, at) => bytes[at % bytes.length] ^= 1 << below(8)),
    () => edited((bytes, at, length) => bytes.splice(at, length)),
    () => edited((bytes, at, length) => bytes.splice(at, 0, ...bytes.slice(at, at + length))),
    () => edited((bytes, at) => bytes.splice(at, 0, pick([0x00, 0x22, 0x5c, 0x80, 0xc3, 0xed, 0xff]))),
    swapped,
    swapped,
    nested,
    () => valid().replace(/true|false|"\/[^"]*"/, () => pick(NUMBERS)),
    escaped
  ]
}

const textOf = (seed, index) => {
  // Apart by an odd number, so that near seeds do not share texts.
  const rng = random(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35))
  return rng.pick(kinds(rng))()
}

/** What is wrong with a decoded control file; undefined when nothing is. */
const broken = ({ cmd, copy_dir, env, no_chmod, ...others }) => {
  const names = Object.keys(env)
  const texts = [...cmd, ...names, ...Object.values(env), copy_dir]
  const rules = {
    "there is no command": cmd.length > 0 && cmd[0] !== "",
    "no_chmod is no boolean": typeof no_chmod === "boolean",
    "copy_dir is not absolute": typeof copy_dir === "string" && copy_dir.startsWith("/"),
    "something is no string": texts.every((text) => typeof text === "string"),
    "there is a NUL": !texts.some((text) => text.includes("\0")),
    "a name cannot be one": !names.some((name) => name === "" || name.includes("=")),
    "there is something else": Object.keys(others).length === 0
  }
  return Object.keys(rules).find((rule) => !rules[rule])
}

/** Decodes one text: true when it is a control file, false when it is refused; throws when the decoder is wrong. */
const attempt = ({ ControlFileInvalid, decodeControlFile }, text) => {
  const decoded = decodeControlFile(text, "fuzz.json")
  if (decoded._tag === "Right") {
    const rule = broken(decoded.right)
    if (rule !== undefined) throw new Error(`decoded, but ${rule}`)
    return true
  }
  const error = decoded.left
  if (!(error instanceof ControlFileInvalid) || error.problems.length === 0) {
    throw new Error("refused for no reason")
  }
  if (/[\0-\x1f]/.test(error.message)) throw new Error("refused with a control character in the message")
  return false
}

const work = async ({ code, position, runs, seed }) => {
  const core = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)
  let decoded = 0
  for (let index = 0; index < runs; index++) {
    Atomics.store(position, 0, index)
    const text = textOf(seed, index)
    try {
      if (attempt(core, text)) decoded++
    } catch (error) {
      return { index, problem: String(error) }
    }
  }
  return { decoded }
}

const show = (seed, index, problem) => {
  const text = textOf(seed, index)
  const bytes = typeof text === "string" ? "" : ` (bytes, as Latin-1)`
  const quoted = JSON.stringify(typeof text === "string" ? text : Buffer.from(text).toString("latin1"))
  process.stderr.write(`fuzz: seed ${seed}, text ${index}${bytes}: ${problem}\n${quoted}\n`)
  process.exitCode = 1
}

const main = async () => {
  const { values } = parseArgs({ options: { runs: { type: "string" }, seed: { type: "string" } } })
  const runs = Number(values.runs ?? 1_000_000)
  const seed = Number(values.seed ?? Date.now() % 0x1_0000_0000)
  if (!Number.isSafeInteger(runs) || !Number.isSafeInteger(seed) || runs < 1) {
    process.stderr.write("fuzz: --runs takes a number above 0, and --seed a number\n")
    process.exitCode = 2
    return
  }
  const { outputFiles: [bundle] } = await build({
    entryPoints: [join(import.meta.dirname, "../packages/core/src/ControlFile.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    conditions: ["source"]
  })
  const position = new Int32Array(new SharedArrayBuffer(4))
  const start = performance.now()
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { code: bundle.text, position, runs, seed }
  })
  let last = -1
  const watch = setInterval(() => {
    const index = Atomics.load(position, 0)
    if (index === last) {
      show(seed, index, `not decided after ${LONGEST_MS / 1000} seconds`)
      clearInterval(watch)
      void worker.terminate()
    }
    last = index
  }, LONGEST_MS)
  worker.once("exit", () => clearInterval(watch))
  worker.once("error", (error) => show(seed, Atomics.load(position, 0), String(error)))
  worker.once("message", ({ decoded, index, problem }) => {
    if (problem !== undefined) return show(seed, index, problem)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    process.stdout.write(
      `fuzz: ${runs} control texts, ${decoded} decoded, ${
        runs - decoded
      } refused, ${seconds} s, seed ${seed}\n`
    )
  })
}

if (isMainThread) await main()
else parentPort.postMessage(await work(workerData))
