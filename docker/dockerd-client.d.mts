export interface DockerdClient {
  readonly socket: string
  /** As `DOCKER_HOST` wants it. */
  readonly host: string
  /** Whether it answers. */
  readonly ping: () => Promise<boolean>
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
  /** Removes all containers, whatever they do, and all volumes. */
  readonly clear: () => Promise<void>
}
export const clientOf: (socket: string) => DockerdClient
