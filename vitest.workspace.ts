import type { TestProjectConfiguration } from "vitest/config"

/** A tier of tests: the files whose names end in `.NAME.test.ts`. */
const tier = (name: string, include: string, exclude: Array<string> = []): TestProjectConfiguration => ({
  extends: true,
  test: {
    name,
    include: [`packages/*/test/**/${include}`],
    exclude,
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})

/**
 * The tiers, which `vitest.config.ts` takes from here and `scripts/test.mjs` runs:
 *
 * - `unit`: pure, on any system;
 * - `recorder`: plans carried out against the recording `Libc`, on any system;
 * - `process`: the built `agent` without privileges, on Linux;
 * - `root`: the real kernel as root: chroots, descriptors, capabilities.
 */
const projects: Array<TestProjectConfiguration> = [
  tier("unit", "*.test.ts", ["**/*.{recorder,process,root}.test.ts"]),
  tier("recorder", "*.recorder.test.ts"),
  tier("process", "*.process.test.ts"),
  tier("root", "*.root.test.ts")
]

export default projects
