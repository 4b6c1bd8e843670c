import type { TestProjectInlineConfiguration } from "vitest/config"

/** A tier of tests: the files whose names end in `.NAME.test.ts`. */
const tier = (
  name: string,
  include: string,
  more: TestProjectInlineConfiguration["test"] = {}
): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    include: [`{packages/*,scripts}/test/**/${include}`],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...more
  }
})

/**
 * The tiers, which `vitest.config.ts` takes from here and `scripts/test.mjs` runs:
 *
 * - `unit`: pure, on any system, the scripts' own included;
 * - `recorder`: plans carried out against the recording `Libc`, on any system;
 * - `process`: the built `agent` without privileges, on Linux;
 * - `root`: the real kernel as root: chroots, descriptors, capabilities.
 */
const projects: Array<TestProjectInlineConfiguration> = [
  tier("unit", "*.test.{ts,mjs}", { exclude: ["**/*.{recorder,process,root}.test.ts"] }),
  tier("recorder", "*.recorder.test.ts"),
  tier("process", "*.process.test.ts"),
  tier("root", "*.root.test.ts", { globalSetup: "docker/dockerd-pool.mjs" })
]

export default projects
