/**
 * Names of images.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
const HOST = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?"
const TAG = "[\\w][\\w.-]{0,127}"
const DIGEST = "[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}"

/** The grammar of distribution/reference, a digest alone included. */
const REFERENCE = new RegExp(
  `^(?:(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::${TAG})?(?:@${DIGEST})?|${DIGEST})$`
)

/**
 * `busybox`, `golang:1.22`, `registry.example:5000/team/image@sha256:...`, or the id of an image that the daemon has.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ImageReference = Schema.String.pipe(
  Schema.filter((text) => text.length <= 512 && REFERENCE.test(text), {
    description: "the name of an image, such as golang:1.22"
  }),
  Schema.brand("ImageReference")
)

/**
 * @since 0.1.0
 * @category models
 */
export type ImageReference = typeof ImageReference.Type

/**
 * The registry that an image comes from, as `docker login` names it: its host, or Docker Hub's address.
 *
 * @since 0.1.0
 * @category accessors
 */
export const registryOf = (image: ImageReference): string => {
  const [first = "", rest] = image.split(/\/(.*)/s)
  const isHost = rest !== undefined && (/[.:[]/.test(first) || first === "localhost")
  return isHost && !["docker.io", "index.docker.io"].includes(first) ? first : "https://index.docker.io/v1/"
}

/**
 * With the tag `latest` unless it has a tag or a digest: without either a daemon would pull all tags.
 *
 * @since 0.1.0
 * @category conversions
 */
export const withTag = (image: ImageReference): string => /:[^/]*$/.test(image) ? image : `${image}:latest`
