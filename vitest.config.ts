import { defineConfig } from "vitest/config"
import projects from "./vitest.workspace.js"

// Workspace packages run from their sources: no build has to come first.
const conditions = ["source", "module", "node", "development|production"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects,
    // Processes, not threads: a test may change the root, the working directory or the umask.
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } },
    // A test that asserts nothing cannot fail.
    expect: { requireAssertions: true },
    allowOnly: false,
    coverage: { provider: "v8", include: ["packages/*/src/**/*.ts"] }
  }
})
