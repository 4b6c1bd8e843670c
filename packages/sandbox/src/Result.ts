/**
 * How a run ended.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type { Output } from "./Output.js"

/**
 * Why an artifact was not brought back.
 *
 * - `Missing`: there is nothing at its path;
 * - `NotAFile`: something is, but no regular file;
 * - `BehindLink`: a directory of its path is a symbolic link, which the command may have made to lead anywhere;
 * - `TooLarge`: it has more bytes than `limits.artifact`;
 * - `NotStarted`: the time limit ended the run before its command started;
 * - `StillRunning`: the container was killed and did not end.
 *
 * @since 0.1.0
 * @category models
 */
export type MissingReason = "BehindLink" | "Missing" | "NotAFile" | "NotStarted" | "StillRunning" | "TooLarge"

/**
 * @since 0.1.0
 * @category models
 */
export interface MissingArtifact {
  readonly path: string
  readonly reason: MissingReason
}

/**
 * The files that were to be collected: the bytes of those that could be, by path, and the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Artifacts {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly missing: ReadonlyArray<MissingArtifact>
}

/**
 * What the command took.
 *
 * The daemon samples about every second, so a command that ends sooner leaves only its duration, and processor time and
 * memory are those of the last sample.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  /** From its start to its end, by the daemon's clock. */
  readonly duration: Duration.Duration
  /** Processor time, of all processes together. */
  readonly cpu: Option.Option<Duration.Duration>
  /** The most memory in use at once, in bytes, caches included. */
  readonly peakMemory: Option.Option<number>
}

/**
 * A run that was carried out.
 *
 * - `exitCode`: the command's own, 128 + N after signal N; none when it never started or did not end;
 * - `timedOut`: the time limit was over, and what ran was killed;
 * - `oomKilled`: something in the container was killed because its memory was used up, if not the command itself;
 * - `output`: what the command wrote (see `Output`): `output.log`, and `Output.only(output, "stdout")`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Result {
  readonly exitCode: Option.Option<number>
  readonly timedOut: boolean
  readonly oomKilled: boolean
  readonly output: Output
  readonly artifacts: Artifacts
  readonly usage: Usage
}

/**
 * What happens during a run, as it happens: the progress of a pull (bytes over all layers), and output.
 *
 * @since 0.1.0
 * @category models
 */
export type Event =
  | { readonly _tag: "Pulling"; readonly image: string; readonly current: number; readonly total: number }
  | { readonly _tag: "Output"; readonly stream: "stdout" | "stderr"; readonly bytes: Uint8Array }
