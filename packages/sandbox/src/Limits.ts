/**
 * What a run may use. Every limit has a default, so that no run is without one; none of them weakens the isolation.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ByteSize, format } from "./ByteSize.js"

const MEBIBYTE = 1024 ** 2

const GIBIBYTE = 1024 * MEBIBYTE

const bytes = (standard: number, atLeast = 0, atMost = Number.MAX_SAFE_INTEGER) =>
  Schema.optionalWith(
    ByteSize.pipe(Schema.between(atLeast, atMost, {
      description: [
        "a number of bytes",
        ...(atLeast > 0 ? [`at least ${format(atLeast)}`] : []),
        ...(atMost < Number.MAX_SAFE_INTEGER ? [`at most ${format(atMost)}`] : [])
      ].join(", ")
    })),
    { default: () => ByteSize.make(standard) }
  )

/** Docker's names for its own modes, and what shares the network of the host or of another container. */
const isNetwork = (name: string): boolean => /^[a-zA-Z0-9][\w.-]*$/.test(name) && name !== "host"

/**
 * The network of a run: `none` (only a loopback), `bridge` (outgoing connections through the daemon's NAT) or the name of
 * a network of the daemon. `host` and `container:...` are refused: they would share another network stack.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Network = Schema.String.pipe(
  Schema.filter(isNetwork, {
    description: "none, bridge or the name of a network (never host or container:...)"
  }),
  Schema.brand("Network")
)

/**
 * The network of a run that names none. Not `none`, since what this is made for, the tests of a repository, has to fetch
 * modules.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_NETWORK = Network.make("bridge")

/**
 * - `cpus`: how many processors' time, 1 unless given (a fraction is fine);
 * - `memory`: bytes of memory, 512 MiB unless given; there is no swap beside it, and files on a tmpfs count;
 * - `pids`: processes and threads, 256 unless given;
 * - `timeout`: for the whole of the run, from the look for the image on; 60 seconds unless given, infinite is possible;
 * - `network`: see `Network`;
 * - `output`: bytes of output that are kept, 16 MiB unless given; what comes after them is read and dropped;
 * - `artifact`: bytes of one artifact, 64 MiB unless given;
 * - `input`: bytes of the unpacked input, 1 GiB unless given.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Limits = Schema.Struct({
  cpus: Schema.optionalWith(
    Schema.Number.pipe(Schema.between(0.01, 4096, { description: "a number of processors, 0.01 or more" })),
    { default: () => 1 }
  ),
  // What the daemon itself asks for at least.
  memory: bytes(512 * MEBIBYTE, 6 * MEBIBYTE),
  pids: Schema.optionalWith(
    Schema.Int.pipe(Schema.between(2, 4_194_304, { description: "a number of processes, 2 or more" })),
    { default: () => 256 }
  ),
  timeout: Schema.optionalWith(
    Schema.DurationFromSelf.pipe(
      Schema.filter(Duration.greaterThan(Duration.zero), { description: "a duration above 0" })
    ),
    { default: () => Duration.minutes(1) }
  ),
  network: Schema.optionalWith(Network, { default: () => DEFAULT_NETWORK }),
  // These two are held in memory.
  output: bytes(16 * MEBIBYTE, 0, GIBIBYTE),
  artifact: bytes(64 * MEBIBYTE, 0, GIBIBYTE),
  input: bytes(GIBIBYTE)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Limits = typeof Limits.Type
