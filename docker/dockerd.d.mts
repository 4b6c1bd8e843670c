export interface Dockerd {
  readonly socket: string
  /** As `DOCKER_HOST` wants it. */
  readonly host: string
  /** Makes an image of what is put into an empty directory; `changes` are lines of a Dockerfile. */
  readonly importImage: (
    name: string,
    fill: (root: string) => void,
    changes?: ReadonlyArray<string>
  ) => Promise<void>
  /** Ids of all containers, names of all volumes. */
  readonly list: () => Promise<{
    readonly containers: ReadonlyArray<string>
    readonly volumes: ReadonlyArray<string>
  }>
  /** Stops the daemon as its service does, and starts it again. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}
export const startDockerd: () => Promise<Dockerd>
