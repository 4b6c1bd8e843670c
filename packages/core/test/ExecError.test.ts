import { describe, expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import fc from "fast-check"
import * as Errno from "../src/Errno.js"
import * as E from "../src/ExecError.js"
import * as Arbitrary from "./arbitraries.js"

const errno = Errno.of

describe("a message says what failed, on what, and what to do", () => {
  it.each<[string, { readonly message: string }, string]>([
    [
      "no capability",
      new E.MissingCapability({ capability: "CAP_SYS_CHROOT", directory: "/host" }),
      "cannot enter root \"/host\": this process lacks CAP_SYS_CHROOT; "
      + "run as root or with that capability, or give \"local\" to run without a chroot"
    ],
    [
      "chroot, not permitted",
      new E.ChrootFailed({ directory: "/host", errno: errno("EPERM") }),
      "cannot enter root \"/host\": operation not permitted; chroot(2) needs CAP_SYS_CHROOT"
    ],
    [
      "chroot, otherwise",
      new E.ChrootFailed({ directory: "/host", errno: errno("ENOENT") }),
      "cannot enter root \"/host\": no such file or directory; check <chroot-dir>"
    ],
    [
      "chdir",
      new E.DirectoryUnusable({ role: "copy_dir", path: "/work", errno: errno("ENOTDIR") }),
      "cannot work in copy_dir \"/work\": not a directory; it must be a directory inside the root"
    ],
    [
      "no namespaces, not permitted",
      new E.NamespaceFailed({ what: "user, pid", errno: errno("EPERM") }),
      "no namespaces for the step (user, pid): operation not permitted; "
      + "see whether this system lets users make user namespaces, or run as root"
    ],
    [
      "no namespaces, otherwise",
      new E.NamespaceFailed({ what: "pid", errno: errno("ENOMEM") }),
      "no namespaces for the step (pid): cannot allocate memory"
    ],
    [
      "no mount",
      new E.MountFailed({ operation: "pivot_root", target: "/a b", errno: errno("EINVAL") }),
      "pivot_root of \"/a b\" for the step failed: invalid argument"
    ],
    [
      "a file of the kernel's",
      new E.WriteFailed({ path: "/proc/self/uid_map", errno: errno("EPERM") }),
      "cannot write to \"/proc/self/uid_map\" for the step: operation not permitted"
    ],
    [
      "another user",
      new E.CredentialsFailed({ what: "user", errno: errno("EPERM") }),
      "cannot set the step's user: operation not permitted"
    ],
    [
      "no file",
      new E.CommandNotFound({ command: "/s.sh", reason: "NoFile" }),
      "command \"/s.sh\" not found: there is no such file inside the root"
    ],
    [
      "not on PATH",
      new E.CommandNotFound({ command: "tool", reason: "NotOnPath" }),
      "command \"tool\" not found on PATH inside the root; give its path, or set PATH in env"
    ],
    [
      "no interpreter",
      new E.CommandNotFound({ command: "/s.sh", reason: "NoInterpreter" }),
      "command \"/s.sh\" cannot start: its interpreter or loader is not inside the root"
    ],
    [
      "no permission",
      new E.CommandNotExecutable({ command: "/s.sh", errno: errno("EACCES") }),
      "command \"/s.sh\" cannot be executed: permission denied; "
      + "check its execute bits (no_chmod leaves them alone) and those of its directories"
    ],
    [
      "no interpreter line",
      new E.CommandNotExecutable({ command: "/s.sh", errno: errno("ENOEXEC") }),
      "command \"/s.sh\" cannot be executed: it is no program and has no interpreter line; "
      + "begin a script with one, such as #!/bin/sh"
    ],
    [
      "too many arguments",
      new E.CommandNotExecutable({ command: "/s.sh", errno: errno("E2BIG") }),
      "command \"/s.sh\" cannot be executed: its arguments and environment are larger than the kernel takes"
    ],
    [
      "another error of execve",
      new E.CommandNotExecutable({ command: "/s.sh", errno: errno("ETXTBSY") }),
      "command \"/s.sh\" cannot be executed: text file busy"
    ],
    [
      "chmod",
      new E.ChmodFailed({ path: "/s.sh", errno: errno("EROFS") }),
      "cannot make \"/s.sh\" executable: read-only file system; set its mode or \"no_chmod\": true"
    ],
    [
      "no env",
      new E.EnvironmentUnreadable({ reason: "NotFound", errno: Option.none() }),
      "cannot read the root's environment: there is no command env on PATH inside the root; install one there"
    ],
    [
      "env does not run",
      new E.EnvironmentUnreadable({ reason: "NotExecutable", errno: Option.some(errno("ENOEXEC")) }),
      "cannot read the root's environment: its command env does not run: exec format error"
    ],
    [
      "env prints too much",
      new E.EnvironmentUnreadable({ reason: "TooLarge", errno: Option.none() }),
      "cannot read the root's environment: its command env prints more than an environment can hold"
    ],
    [
      "no /dev/null",
      new E.EnvironmentUnreadable({ reason: "NoNull", errno: Option.some(errno("ENOENT")) }),
      "cannot open /dev/null, the input of the root's command env: no such file or directory; "
      + "the agent needs it in its own root"
    ],
    [
      "a system call around env",
      new E.EnvironmentUnreadable({ reason: "SystemCall", errno: Option.some(errno("EMFILE")) }),
      "cannot read the root's environment: too many open files"
    ],
    [
      "signals",
      new E.RestoreFailed({ what: "signals", errno: errno("EINVAL") }),
      "cannot hand the signals of the caller to the step: invalid argument"
    ]
  ])("%s", (_, error, message) => {
    expect(error.message).toBe(message)
  })
})

/** Every error that names a path or a command, made with this one. */
const naming = (path: string): ReadonlyArray<{ readonly _tag: string; readonly message: string }> => [
  new E.MissingCapability({ capability: "CAP_SYS_CHROOT", directory: path }),
  ...[errno("EPERM"), errno("ENOENT")].map((errno) => new E.ChrootFailed({ directory: path, errno })),
  ...(["root", "copy_dir"] as const).map((role) =>
    new E.DirectoryUnusable({ role, path, errno: errno("ENOENT") })
  ),
  ...(["NoFile", "NotOnPath", "NoInterpreter"] as const).map((reason) =>
    new E.CommandNotFound({ command: path, reason })
  ),
  ...[errno("EACCES"), errno("ENOEXEC"), errno("E2BIG"), errno("EIO")].map((errno) =>
    new E.CommandNotExecutable({ command: path, errno })
  ),
  new E.ChmodFailed({ path, errno: errno("EROFS") })
]

describe("a message that names a path", () => {
  it("is one line, and holds the path so that JSON reads it back", () => {
    fc.assert(
      fc.property(Arbitrary.text, (path) => {
        for (const { message } of naming(path)) {
          expect(message).not.toMatch(/[\0-\u001f\u007f-\u009f\u2028\u2029]/)
          const quoted = /"(?:[^"\\]|\\.)*"/.exec(message)?.[0] ?? "null"
          expect(JSON.parse(quoted)).toBe(path)
        }
      }),
      {
        examples: [["/a\nb\u001b[31m"], ["/\"quoted\"\\"], ["/\u2028\u2029\u007f\u0085\u009b"], ["\udcff"], [
          ""
        ]]
      }
    )
  })

  /** U+009B begins a terminal's control sequence, as ESC [ does. */
  it.each([["DEL", "\u007f"], ["NEL", "\u0085"], ["CSI", "\u009b"]])(
    "does not show %s raw",
    (_, character) => {
      const raw = naming(`/a${character}b`).filter(({ message }) => message.includes(character))
      expect(raw.map(({ _tag }) => _tag)).toStrictEqual([])
    }
  )
})
