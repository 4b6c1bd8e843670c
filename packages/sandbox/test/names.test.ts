/**
 * Sizes and names of images, as people write them.
 */
import { ByteSize } from "@chroot-exec/sandbox"
import { ImageReference, registryOf, withTag } from "@chroot-exec/sandbox/ImageReference"
import { describe, expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

describe("sizes", () => {
  it.each([
    ["0", 0],
    ["512", 512],
    ["1b", 1],
    ["1.5k", 1536],
    ["512m", 536_870_912],
    ["512MB", 536_870_912],
    ["2GiB", 2_147_483_648]
  ])("%s", (text, bytes) => {
    expect(ByteSize.parse(text)).toStrictEqual(Option.some(bytes))
  })

  it.each(["", "m", "-1", "1e3", "1 m", "1x", "99999999t"])("%j is none", (text) => {
    expect(ByteSize.parse(text)).toStrictEqual(Option.none())
  })

  it.each([[0, "0 bytes"], [1023, "1023 bytes"], [1536, "1.5 KiB"], [536_870_912, "512 MiB"]])(
    "%i for people",
    (bytes, text) => {
      expect(ByteSize.format(bytes)).toBe(text)
    }
  )
})

describe("images", () => {
  const HUB = "https://index.docker.io/v1/"
  const digest = `sha256:${"a".repeat(64)}`

  it.each([
    ["busybox", HUB, "busybox:latest"],
    ["library/go_lang:1.22-alpine", HUB, "library/go_lang:1.22-alpine"],
    ["docker.io/library/busybox", HUB, "docker.io/library/busybox:latest"],
    ["localhost/a", "localhost", "localhost/a:latest"],
    ["127.0.0.1:5000/a/b", "127.0.0.1:5000", "127.0.0.1:5000/a/b:latest"],
    [`ghcr.io/a/b@${digest}`, "ghcr.io", `ghcr.io/a/b@${digest}`]
  ])("%s", (text, registry, tagged) => {
    const image = Schema.decodeSync(ImageReference)(text)
    expect([registryOf(image), withTag(image)]).toStrictEqual([registry, tagged])
  })

  it.each(["", "-a", "Upper", "a b", "a:", "a//b", "../a", "a@sha256:1", "a\n"])("%j is none", (text) => {
    expect(Schema.is(ImageReference)(text)).toBe(false)
  })
})
