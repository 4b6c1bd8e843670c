/**
 * The contract of `agent` with its callers: exit code, standard output and the one line on standard error, for
 * every way to fail that needs no privilege. Nobody runs them, so that none has one.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { call, nobody, type Options, writeControl, writeScript } from "./support/Call.js"
import * as Sandbox from "./support/Sandbox.js"

interface Failure extends Options {
  readonly name: string
  readonly control?: Parameters<typeof writeControl>[1]
  readonly setup?: (sandbox: Sandbox.Sandbox) => void
  readonly argv?: ReadonlyArray<string>
  readonly exit: 125 | 126 | 127
  /** The line, without the name of the program in front. */
  readonly says: string
}

const file = (path: string, text: string, mode: number) => ({ fill }: Sandbox.Sandbox) =>
  Sandbox.writeFile(fill(path), text, mode, nobody)

const usage: ReadonlyArray<Failure> = [
  { name: "no command", argv: [], exit: 125, says: "no command given; see \"agent --help\"" },
  {
    name: "no operands",
    argv: ["chroot-exec"],
    exit: 125,
    says: "Missing argument <control-file>; see \"agent chroot-exec --help\""
  },
  {
    name: "one operand",
    argv: ["chroot-exec", "c.json"],
    exit: 125,
    says: "Missing argument <chroot-dir>; see \"agent chroot-exec --help\""
  },
  {
    name: "three operands",
    argv: ["chroot-exec", "a", "b", "c"],
    exit: 125,
    says: "Received unknown argument: 'c'; see \"agent chroot-exec --help\""
  },
  {
    name: "unknown option",
    argv: ["chroot-exec", "--no-such", "a", "b"],
    exit: 125,
    says: "unknown option --no-such; see \"agent chroot-exec --help\""
  },
  {
    name: "output that cannot be written",
    argv: ["--version"],
    pre: ["sh", "-c", "exec \"$@\" >/dev/full", "sh"],
    exit: 125,
    says: "cannot write to standard output: ENOSPC"
  }
]

const controlFile: ReadonlyArray<Failure> = [
  {
    name: "control file missing",
    exit: 125,
    says: "cannot read control file \"{control}\": no such file or directory; check <control-file>"
  },
  {
    name: "control file a directory",
    argv: ["chroot-exec", "{local}", "local"],
    exit: 125,
    says: "cannot read control file \"{local}\": is a directory; check <control-file>"
  },
  {
    name: "control file closed to the user",
    setup: ({ control }) => Sandbox.writeFile(control, "{}", 0, nobody),
    exit: 125,
    says: "cannot read control file \"{control}\": permission denied; check <control-file>"
  },
  {
    name: "control file without end",
    argv: ["chroot-exec", "/dev/zero", "local"],
    exit: 125,
    says: "cannot read control file \"/dev/zero\": file too large; check <control-file>"
  },
  {
    name: "control file not JSON",
    setup: ({ control }) => Fs.writeFileSync(control, "{\n  \"cmd\": hunter2\n}"),
    exit: 125,
    says: "control file \"{control}\": is not valid JSON"
  },
  {
    name: "control file with everything wrong",
    control: { cmd: [], no_chmod: 0, env: { A: 1, "B=hunter2": "" }, copy_dir: "work" },
    exit: 125,
    says: "control file \"{control}\": cmd[0] is missing; no_chmod must be true or false, not a number; "
      + "env.A must be a string, not a number; env[\"B=...\"] must be a variable name (not empty, no \"=\"); "
      + "copy_dir must be an absolute path"
  }
]

const before: ReadonlyArray<Failure> = [
  {
    name: "no capability",
    control: { cmd: ["/bin/true"] },
    argv: ["chroot-exec", "{control}", "{local}"],
    exit: 125,
    says:
      "cannot enter root \"{local}\": this process lacks CAP_SYS_CHROOT; run as root or with that capability, "
      + "or give \"local\" to run without a chroot"
  },
  {
    name: "copy_dir missing",
    control: { cmd: ["/bin/sh"], copy_dir: "{local}/none" },
    exit: 125,
    says:
      "cannot work in copy_dir \"{local}/none\": no such file or directory; it must be a directory inside the root"
  },
  {
    name: "copy_dir a file",
    control: { cmd: ["/bin/sh"], copy_dir: "/etc/passwd" },
    exit: 125,
    says: "cannot work in copy_dir \"/etc/passwd\": not a directory; it must be a directory inside the root"
  },
  {
    name: "env without end",
    control: { cmd: ["/bin/sh"] },
    setup: (sandbox) => writeScript(sandbox, "{local}/env", "exec cat /dev/zero"),
    env: { PATH: "{local}:/usr/local/bin:/usr/bin:/bin" },
    exit: 125,
    says: "cannot read the root's environment: its command env prints more than an environment can hold"
  }
]

const command: ReadonlyArray<Failure> = [
  {
    name: "path missing",
    control: { cmd: ["{local}/none.sh", "hunter2"] },
    exit: 127,
    says: "command \"{local}/none.sh\" not found: there is no such file inside the root"
  },
  {
    name: "name not on PATH",
    control: { cmd: ["no-such-tool", "hunter2"] },
    exit: 127,
    says: "command \"no-such-tool\" not found on PATH inside the root; give its path, or set PATH in env"
  },
  {
    name: "interpreter missing",
    control: { cmd: ["{local}/s.sh", "hunter2"] },
    setup: file("{local}/s.sh", "#!/no/such\n", 0o755),
    exit: 127,
    says: "command \"{local}/s.sh\" cannot start: its interpreter or loader is not inside the root"
  },
  {
    name: "not executable",
    control: { cmd: ["{local}/s.sh", "hunter2"], no_chmod: true },
    setup: file("{local}/s.sh", "#!/bin/sh\n", 0o644),
    exit: 126,
    says: "command \"{local}/s.sh\" cannot be executed: permission denied; check its execute bits "
      + "(no_chmod leaves them alone) and those of its directories"
  },
  {
    name: "no interpreter line",
    control: { cmd: ["{local}/s.sh", "hunter2"] },
    setup: file("{local}/s.sh", "echo ran\n", 0o755),
    exit: 126,
    says: "command \"{local}/s.sh\" cannot be executed: it is no program and has no interpreter line; "
      + "begin a script with one, such as #!/bin/sh"
  },
  {
    name: "a directory",
    control: { cmd: ["{local}", "hunter2"] },
    exit: 126,
    says: "command \"{local}\" cannot be executed: is a directory"
  },
  {
    name: "argument too long",
    control: { cmd: ["/bin/echo", "{x131072}"] },
    exit: 126,
    says:
      "command \"/bin/echo\" cannot be executed: its arguments and environment are larger than the kernel takes"
  },
  {
    name: "somebody else's file that is not executable",
    control: { cmd: ["/etc/passwd", "hunter2"] },
    exit: 126,
    says:
      "cannot make \"/etc/passwd\" executable: operation not permitted; set its mode or \"no_chmod\": true"
  }
]

const run = ({ argv, control, env, exit, name, pre, says, setup }: Failure) =>
  it.scopedLive(name, () =>
    Effect.gen(function*() {
      const sandbox = yield* Sandbox.scoped({ withRoot: false })
      setup?.(sandbox)
      if (control !== undefined) writeControl(sandbox, control)
      const { pid: _, ...said } = yield* call(sandbox, argv ?? ["chroot-exec", "{control}", "local"], {
        env: Object.fromEntries(
          Object.entries(env ?? {}).map(([name, value]) => [name, sandbox.fill(value)])
        ),
        pre: pre ?? [],
        user: nobody
      })
      expect(said).toStrictEqual({ exit, signal: null, stdout: "", stderr: `agent: ${sandbox.fill(says)}\n` })
    }))

describe.each([
  ["usage", usage],
  ["control file", controlFile],
  ["before the command", before],
  ["the command", command]
])("%s", (_, failures) => {
  failures.forEach(run)
})
