/**
 * What a recorder recorded, to be compared.
 */
import { Output } from "@chroot-exec/sandbox"
import type { Result } from "@chroot-exec/sandbox"
import type { Piece } from "@chroot-exec/sandbox/Demultiplexer"
import type * as EngineRecorder from "@chroot-exec/sandbox/testing"

export const bytes = (text: string): Buffer => Buffer.from(text)

export const said = (stream: Piece["stream"], text: string): Piece => ({ stream, bytes: bytes(text) })

/** A call on one line, without requests and labels; `RUN` stands for the run's name. */
export const show = (calls: ReadonlyArray<EngineRecorder.Call>): ReadonlyArray<string> =>
  calls.map(({ args, operation }) =>
    [operation, ...args.filter((arg) => typeof arg !== "object")].join(" ")
      .replace(/chroot-exec-[0-9a-f]{16}/, "RUN")
  )

/** The output as text. */
export const outputOf = ({ output }: Pick<Result, "output">) => ({
  log: Buffer.from(output.log).toString(),
  stdout: Buffer.from(Output.only(output, "stdout")).toString(),
  stderr: Buffer.from(Output.only(output, "stderr")).toString(),
  truncated: output.truncated
})
