/**
 * What a caller without types, or with casts, may pass: text that the kernel cannot take.
 */
import { CString } from "@chroot-exec/core/CString"
import type { Environment } from "@chroot-exec/core/Environment"
import { quote } from "@chroot-exec/core/Quote"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { LaunchRequest } from "../Launcher.js"
import { RequestInvalid } from "../LauncherError.js"

const isText = Schema.is(CString)

/** Names are shown, values are not. */
const inEnvironment = (environment: Environment): ReadonlyArray<string> =>
  Object.entries(environment).flatMap(([name, value]) =>
    isText(name) && !name.includes("=") && isText(value) ? [] : [`variable ${quote(name)}`]
  )

const problems = ({ control, environment, root }: LaunchRequest): ReadonlyArray<string> => [
  ...control.cmd.flatMap((argument, index) => isText(argument) ? [] : [`cmd[${index}]`]),
  ...(isText(control.copy_dir) ? [] : ["copy_dir"]),
  ...(root._tag === "Local" || isText(root.path) ? [] : ["root"]),
  ...inEnvironment(control.env),
  ...inEnvironment(environment)
]

/** Refuses a request that could not be carried out as it is; all that is wrong with it is named. */
export const checkRequest = (request: LaunchRequest): Effect.Effect<void, RequestInvalid> =>
  Effect.suspend(() => {
    const [first, ...rest] = problems(request)
    return first === undefined ? Effect.void : new RequestInvalid({ problems: [first, ...rest] })
  })
