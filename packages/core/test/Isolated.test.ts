import { expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as CString from "../src/CString.js"
import { isPrivileged, toLines } from "../src/ExecPlan.js"
import { planIsolated } from "../src/Isolated.js"

const plan = (user: Option.Option<{ readonly uid: number; readonly gid: number }>, hostname?: string) =>
  planIsolated({
    namespaces: ["net", "uts"],
    user,
    hostname: Option.map(Option.fromNullable(hostname), (name) => CString.make(name)),
    files: [CString.make("/bin/a"), CString.make("/usr/bin/a")],
    argv: [CString.make("a"), CString.make("--secret")],
    environment: { TOKEN: "hunter2" },
    openFiles: Option.some({ soft: 1n, hard: 2n })
  })

const become = [
  "become:",
  "  NewGroup",
  "  DropCapabilities",
  "  NoNewPrivileges",
  "  DieWithParent parent=maker",
  "  RestoreSignals ignored= blocked=",
  "  LimitOpenFiles soft=1 hard=2",
  "  Chdir directory=/",
  "  Execve files=/bin/a,/usr/bin/a command=a arguments=1 environment=TOKEN"
]

it("who has the privileges makes the namespaces without one of users", () => {
  expect(toLines(plan(Option.none()))).toStrictEqual([
    "enter:",
    "  Unshare namespaces=mount,pid,net,uts",
    "  BecomeInit",
    "  Mount source=none target=/ type=\"\" flags=recursive,private data=\"\"",
    "  Mount source=proc target=/proc type=proc flags=nosuid,nodev,noexec data=\"\"",
    ...become
  ])
})

it("anybody else stays the same user in one of users, which comes first", () => {
  const user = { uid: 1000, gid: 100 }
  expect(toLines(plan(Option.some(user), "inside"))).toStrictEqual([
    "enter:",
    "  Unshare namespaces=user,mount,pid,net,uts",
    "  WriteFile path=/proc/self/setgroups content=deny",
    "  WriteFile path=/proc/self/uid_map content=\"1000 1000 1\"",
    "  WriteFile path=/proc/self/gid_map content=\"100 100 1\"",
    "  BecomeInit",
    "  Mount source=none target=/ type=\"\" flags=recursive,private data=\"\"",
    "  Mount source=proc target=/proc type=proc flags=nosuid,nodev,noexec data=\"\"",
    "  Hostname name=inside",
    ...become
  ])
})

it("what takes a privilege is told", () => {
  const { become, enter } = plan(Option.none(), "inside")
  expect([...enter, ...become].filter(isPrivileged).map(({ _tag }) => _tag)).toStrictEqual([
    "Unshare",
    "Mount",
    "Mount",
    "Hostname",
    "DropCapabilities"
  ])
})
