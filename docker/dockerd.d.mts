import type { DockerdClient } from "./dockerd-client.mjs"

export interface Dockerd extends DockerdClient {
  /** Stops the daemon as its service does, and starts it again. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}
export const startDockerd: () => Promise<Dockerd>
