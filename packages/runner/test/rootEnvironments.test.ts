/**
 * What is remembered of roots, and for how long.
 */
import { expect, it } from "@effect/vitest"
import { RootEnvironments } from "../src/internal/rootEnvironments.js"

const ROOTS = 256

const container = { PATH: "/bin", A: "1" }

const known = (name: string) => ({ environment: { NAME: name }, identity: name })

/** Each of so many roots, in this order. */
const filled = (count: number): RootEnvironments => {
  const roots = new RootEnvironments()
  for (let index = 0; index < count; index++) roots.set(`/${index}`, container, known(String(index)))
  return roots
}

/** The roots, of those that were set, of which nothing is known. */
const forgotten = (roots: RootEnvironments, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => index).filter((index) =>
    roots.get(`/${index}`, container) === undefined
  )

it("is known for the container's environment that it was asked with, and for no other", () => {
  const roots = filled(1)
  expect(roots.get("/0", { A: "1", PATH: "/bin" })).toStrictEqual(known("0"))
  const others = [{ PATH: "/bin" }, { PATH: "/bin", A: "2" }, { PATH: "/bin", B: "1" }, {
    ...container,
    B: ""
  }]
  expect(others.map((other) => roots.get("/0", other))).toStrictEqual(others.map(() => undefined))
  expect(roots.get("/1", container)).toBe(undefined)
})

it("makes way, the one first that was set the longest time ago", () => {
  expect(forgotten(filled(ROOTS), ROOTS)).toStrictEqual([])
  expect(forgotten(filled(ROOTS + 3), ROOTS + 3)).toStrictEqual([0, 1, 2])
})

it("is the newer one of two, which takes no place of another's", () => {
  const roots = filled(ROOTS)
  roots.set("/1", container, known("new"))
  expect(forgotten(roots, ROOTS)).toStrictEqual([])
  expect(roots.get("/1", container)).toStrictEqual(known("new"))
  for (const root of ["/more", "/and more"]) roots.set(root, container, known(root))
  expect(forgotten(roots, ROOTS)).toStrictEqual([0, 2])
})
