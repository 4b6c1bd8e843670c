import { join } from "node:path"
import { defineConfig } from "vitest/config"

// For `scripts/mutate.mjs`, which names the package: its unit and recorder tests, on sources that Stryker has changed.
const conditions = ["source", "module", "node", "development|production"]
const packages = join(import.meta.dirname, "packages")

export default defineConfig({
  resolve: {
    conditions,
    // Stryker's copy has the links of the original, which would lead to what it has not changed.
    alias: [
      { find: /^@chroot-exec\/(\w+)$/, replacement: join(packages, "$1/src/index.ts") },
      { find: /^@chroot-exec\/(\w+)\/(.+)$/, replacement: join(packages, "$1/src/$2.ts") }
    ]
  },
  ssr: { resolve: { conditions } },
  test: {
    include: [`packages/${process.env.MUTATED_PACKAGE}/test/**/*.test.ts`],
    // The documents of the packages do not change with their code.
    exclude: ["**/*.{process,root}.test.ts", "**/documents.test.ts"],
    // What survives once survives again.
    setupFiles: ["scripts/fixed-seed.mjs"],
    testTimeout: 60_000
  }
})
