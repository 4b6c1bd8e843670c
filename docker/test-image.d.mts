import type { DockerdClient } from "./dockerd-client.mjs"

export const importTestImage: (daemon: DockerdClient) => Promise<void>
