import { defineConfig, mergeConfig } from "vitest/config"
import config from "./vitest.config.js"

/** Each test as often as REPEATS says. */
export default mergeConfig(config, defineConfig({ test: { runner: "scripts/repeating-runner.mjs" } }))
