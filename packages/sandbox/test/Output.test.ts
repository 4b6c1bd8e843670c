/**
 * What is kept of the output: the first bytes, exactly, in their order.
 */
import type { Piece } from "@chroot-exec/sandbox/Demultiplexer"
import * as Output from "@chroot-exec/sandbox/Output"
import { expect, it } from "@effect/vitest"
import * as fc from "fast-check"

const pieces = fc.array(fc.record({
  stream: fc.constantFrom<Piece["stream"]>("stdout", "stderr"),
  bytes: fc.uint8Array({ maxLength: 20 })
}))

/** The same, byte by byte. */
const model = (written: ReadonlyArray<Piece>, limit: number) =>
  written.flatMap(({ bytes, stream }) => [...bytes].map((byte) => ({ byte, stream }))).slice(0, limit)

const hex = (bytes: Iterable<number>) => Buffer.from([...bytes]).toString("hex")

it.prop("keeps the first bytes of both streams", [pieces, fc.nat(60)], ([written, limit]) => {
  const collector = Output.collector(limit)
  const kept = written.map((piece) => collector.add(piece))
  const output = collector.output()
  const expected = model(written, limit)
  const of = (stream: Piece["stream"]) =>
    expected.filter((one) => one.stream === stream).map(({ byte }) => byte)
  expect(hex(output.log)).toBe(hex(expected.map(({ byte }) => byte)))
  expect(hex(Output.only(output, "stdout"))).toBe(hex(of("stdout")))
  expect(hex(Output.only(output, "stderr"))).toBe(hex(of("stderr")))
  expect(Buffer.concat(kept.map(({ bytes }) => bytes)).toString("hex")).toBe(hex(output.log))
  expect(output.truncated).toBe(written.reduce((sum, { bytes }) => sum + bytes.length, 0) > limit)
})

it("copies what it keeps", () => {
  const collector = Output.collector(10)
  const bytes = Buffer.from("one")
  collector.add({ stream: "stderr", bytes })
  bytes.fill(0)
  expect(Buffer.from(Output.only(collector.output(), "stderr")).toString()).toBe("one")
})

it("takes no more memory than its limit", () => {
  const collector = Output.collector(1000)
  const piece: Piece = { stream: "stdout", bytes: new Uint8Array(700) }
  for (let count = 0; count < 10; count++) collector.add(piece)
  expect(collector.output().log.buffer.byteLength).toBe(1000)
})
