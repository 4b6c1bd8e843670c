/**
 * Credentials as `docker login` leaves them, in files and with helpers.
 */
import { ImageReference, registryOf } from "@chroot-exec/sandbox/ImageReference"
import * as RegistryAuth from "@chroot-exec/sandbox/RegistryAuth"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let directory = ""
let before: string | undefined
beforeAll(() => {
  directory = Fs.mkdtempSync(join(tmpdir(), "auth-"))
  const helper = (name: string, script: string) =>
    Fs.writeFileSync(join(directory, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  helper(
    "good",
    "[ \"$1\" = get ] && r=$(cat) && echo \"{\\\"Username\\\":\\\"u:$r\\\",\\\"Secret\\\":\\\"s\\\"}\""
  )
  helper("token", "cat > /dev/null; echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'")
  helper("none", "cat > /dev/null; echo 'credentials not found in native keychain'; exit 1")
  helper("locked", "cat > /dev/null; echo 'hunter2 is locked'; exit 3")
  helper("noise", "cat > /dev/null; echo hunter2")
  before = process.env["PATH"]
  process.env["PATH"] = `${directory}:${before}`
})
afterAll(() => {
  process.env["PATH"] = before
  Fs.rmSync(directory, { recursive: true })
})

/** What the header X-Registry-Auth says for a registry; a message when it cannot be had. */
const lookup = (registry: string, config: unknown) =>
  Effect.gen(function*() {
    const text = typeof config === "string" ? config : JSON.stringify(config)
    if (config === undefined) Fs.rmSync(join(directory, "config.json"), { force: true })
    else Fs.writeFileSync(join(directory, "config.json"), text)
    const credentials = yield* Effect.flatMap(RegistryAuth.RegistryAuth, (lookup) => lookup(registry))
    return Option.getOrUndefined(Option.map(credentials, (secret) => {
      expect(JSON.stringify(secret)).toBe("\"<redacted>\"")
      return JSON.parse(Buffer.from(Redacted.value(secret), "base64url").toString()) as unknown
    }))
  }).pipe(
    Effect.catchAll(({ message }) => Effect.succeed(message.replaceAll(directory, "DIR"))),
    Effect.provide(RegistryAuth.layer({ DOCKER_CONFIG: directory }))
  )

const basic = (text: string) => ({ auth: Buffer.from(text).toString("base64") })

const HUB = "https://index.docker.io/v1/"
const REGISTRY = "registry.example:5000"

describe("config.json", () => {
  it.live.each<readonly [string, string, unknown, unknown]>([
    ["is not there", REGISTRY, undefined, undefined],
    ["has nothing", REGISTRY, {}, undefined],
    ["has another registry", REGISTRY, { auths: { "registry.example": basic("u:p") } }, undefined],
    ["has it", REGISTRY, { auths: { [REGISTRY]: basic("u:p:x") } }, {
      serveraddress: REGISTRY,
      username: "u",
      password: "p:x"
    }],
    ["has it as a URL", REGISTRY, { auths: { [`https://${REGISTRY}/v2/`]: basic("u:p") } }, {
      serveraddress: REGISTRY,
      username: "u",
      password: "p"
    }],
    ["has Docker Hub", HUB, { auths: { [HUB]: basic("u:p") } }, {
      serveraddress: HUB,
      username: "u",
      password: "p"
    }],
    ["has it in plain", REGISTRY, { auths: { [REGISTRY]: { username: "u", password: "p" } } }, {
      serveraddress: REGISTRY,
      username: "u",
      password: "p"
    }],
    ["has a token", REGISTRY, { auths: { [REGISTRY]: { ...basic("u:p"), identitytoken: "t" } } }, {
      serveraddress: REGISTRY,
      identitytoken: "t"
    }],
    ["has an empty entry", REGISTRY, { auths: { [REGISTRY]: {} } }, undefined],
    ["has fields of others", REGISTRY, { HttpHeaders: {}, psFormat: "x" }, undefined],
    [
      "is broken, which is not shown",
      REGISTRY,
      "{\"auths\": hunter2",
      `cannot take the credentials of "${REGISTRY}" from "DIR/config.json": it is not Docker's config.json`
    ]
  ])(
    "that %s",
    ([, registry, config, expected]) =>
      Effect.map(lookup(registry, config), (found) => expect(found).toStrictEqual(expected))
  )
})

describe("a helper", () => {
  it.live.each<readonly [string, unknown, unknown]>([
    ["for all", { credsStore: "good", auths: { [REGISTRY]: basic("a:b") } }, {
      serveraddress: REGISTRY,
      username: `u:${REGISTRY}`,
      password: "s"
    }],
    ["for one, before that for all", { credsStore: "locked", credHelpers: { [REGISTRY]: "token" } }, {
      serveraddress: REGISTRY,
      identitytoken: "t"
    }],
    ["for another one", { credHelpers: { other: "locked" } }, undefined],
    ["that has nothing", { credsStore: "none" }, undefined],
    [
      "that fails, whose words are not shown",
      { credsStore: "locked" },
      `cannot take the credentials of "${REGISTRY}" from "docker-credential-locked": it ended with exit code 3`
    ],
    [
      "that answers something else, which is not shown",
      { credsStore: "noise" },
      `cannot take the credentials of "${REGISTRY}" from "docker-credential-noise": its answer is not what helpers answer`
    ],
    [
      "whose name is a path",
      { credsStore: "../evil" },
      `cannot take the credentials of "${REGISTRY}" from "DIR/config.json": it is not Docker's config.json`
    ]
  ])(
    "%s",
    ([, config, expected]) =>
      Effect.map(lookup(REGISTRY, config), (found) => expect(found).toStrictEqual(expected))
  )

  it.live("that is not there", () =>
    Effect.map(lookup(REGISTRY, { credsStore: "missing" }), (found) =>
      expect(found).toMatch(
        /^cannot take the credentials of "registry\.example:5000" from "docker-credential-missing": .*docker-credential-missing/
      )))
})

it.each([
  ["busybox", HUB],
  ["library/busybox:1", HUB],
  ["docker.io/library/busybox", HUB],
  ["localhost/x", "localhost"],
  ["registry.example/team/x:1", "registry.example"],
  ["registry.example:5000/x", "registry.example:5000"]
])("the registry of %s is %s", (image, registry) => {
  expect(registryOf(ImageReference.make(image))).toBe(registry)
})
