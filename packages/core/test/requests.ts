/**
 * Requests for the planner: one that is plain, and any.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import type { ChrootExecRequest } from "../src/ChrootExec.js"
import { ControlFile } from "../src/ControlFile.js"
import * as CString from "../src/CString.js"
import type { Inherited } from "../src/Inherited.js"
import { Root } from "../src/Root.js"
import * as Arbitrary from "./arbitraries.js"

/** In each argument and each value of `anyRequest`, and nowhere else in it. */
export const MARKER = "s3cr3t"

export const CAP_SYS_CHROOT = 1n << 18n

export const control = (fields: Partial<Record<keyof ControlFile, unknown>> = {}): ControlFile =>
  Schema.decodeUnknownSync(ControlFile)({
    cmd: ["/steps/s.sh", "argument"],
    no_chmod: false,
    env: { PACKAGE: "package" },
    copy_dir: "/work",
    ...fields
  })

export const inherited = (fields: Partial<Inherited> = {}): Inherited => ({
  environment: { PATH: "/bin", HOME: "/root" },
  capabilities: Option.some(CAP_SYS_CHROOT),
  ignored: 0n,
  blocked: Option.some(0n),
  openFiles: Option.some({ soft: 1024n, hard: 4096n }),
  stdio: { open: [0, 1, 2], nonBlocking: [] },
  ...fields
})

export const directory = (path: string): Root => Root.Directory({ path: CString.make(path) })

const secret = Arbitrary.text.map((text) => `${text}${MARKER}${text}`)
const text = Arbitrary.text.filter((text) => !text.includes(MARKER))
const path = fc.oneof(
  fc.constantFrom("true", "./s.sh", "/bin/true", "..", "a b"),
  text.filter((text) => text !== "")
)
const name = Arbitrary.name.filter((name) => !name.includes(MARKER))
const environment = (names: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.tuple(names, secret), { selector: ([name]) => name, maxLength: 4 }).map(Arbitrary.record)
const word = fc.oneof(fc.constantFrom(0n, CAP_SYS_CHROOT, 0x4007n), fc.bigInt(0n, 0xffff_ffff_ffff_ffffn))
const optionalWord = fc.option(word, { nil: undefined }).map(Option.fromNullable)
const descriptors = fc.subarray([0, 1, 2])

export const anyRequest: fc.Arbitrary<ChrootExecRequest> = fc.record({
  control: fc.record({
    cmd: fc.tuple(path, fc.array(secret, { maxLength: 3 })).map((parts) => parts.flat()),
    no_chmod: fc.boolean(),
    env: environment(name.filter((name) => name !== "")),
    copy_dir: text.map((text) => `/${text}`)
  }).map(control),
  root: fc.oneof(fc.constant(Root.Local()), text.map(directory)),
  inherited: fc.record({
    environment: environment(name),
    capabilities: optionalWord,
    ignored: word,
    blocked: optionalWord,
    openFiles: fc.option(fc.record({ soft: word, hard: word }), { nil: undefined }).map(Option.fromNullable),
    stdio: fc.record({ open: descriptors, nonBlocking: descriptors })
  }),
  parent: fc.integer({ min: 0, max: 0x7fffffff }),
  report: fc.integer({ min: 3, max: 0x7fffffff })
}, { requiredKeys: ["control", "inherited", "root"] })
