import type { TestProject } from "vitest/node"
import type { DockerdClient } from "./dockerd-client.mjs"

declare module "vitest" {
  interface ProvidedContext {
    /** The socket that the pool is asked on. */
    dockerdPool: string
  }
}

export const setup: (project: TestProject) => Promise<() => Promise<void>>
export const borrowDockerd: (pool: string) => Promise<DockerdClient>
