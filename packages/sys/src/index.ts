/**
 * The one door to the kernel: the `Libc` service, its live Layer, and the interpreter of plans.
 *
 * @since 0.1.0
 */
export * as Brands from "./Brands.js"
export { captureInherited } from "./CallerState.js"
export * as ChrootExec from "./ChrootExec.js"
export { execInPlace } from "./ExecInPlace.js"
export * as LaunchProtocol from "./LaunchProtocol.js"
export { Libc, type LibcOperations, SyscallError, UnsupportedPlatform } from "./Libc.js"
export * as LibcLive from "./LibcLive.js"
export { readRootEnvironment } from "./RootEnvironment.js"
export * as ThreadLauncher from "./ThreadLauncher.js"
