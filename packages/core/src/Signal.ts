/**
 * Signals of Linux and sets of them: signal(7).
 *
 * The numbers are those of x86-64, arm64 and most others (not Alpha, SPARC, MIPS, PA-RISC).
 *
 * @since 0.1.0
 */

/** Every standard signal at the index that is its number minus one. */
const names = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGUSR1",
  "SIGSEGV",
  "SIGUSR2",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGPWR",
  "SIGSYS"
] as const

/**
 * The name of a standard signal.
 *
 * @since 0.1.0
 * @category models
 */
export type Signal = typeof names[number]

/**
 * The number of a signal.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toNumber = (signal: Signal): number => names.indexOf(signal) + 1

/**
 * The name of a signal: `SIGTERM`; `SIG` and the number for a real-time one.
 *
 * @since 0.1.0
 * @category conversions
 */
export const name = (number: number): Signal | `SIG${number}` => names[number - 1] ?? `SIG${number}`

/**
 * A set of signals as the kernel keeps it: bit `n - 1` stands for signal `n`.
 *
 * @since 0.1.0
 * @category models
 */
export type SignalSet = bigint

/**
 * @since 0.1.0
 * @category constructors
 */
export const set = (...signals: ReadonlyArray<Signal>): SignalSet =>
  signals.reduce((bits, signal) => bits | (1n << BigInt(toNumber(signal) - 1)), 0n)

/**
 * @since 0.1.0
 * @category predicates
 */
export const has = (signals: SignalSet, number: number): boolean =>
  (signals & (1n << BigInt(number - 1))) !== 0n

/**
 * The numbers of the signals in a set, ascending (1..64).
 *
 * @since 0.1.0
 * @category conversions
 */
export const numbers = (signals: SignalSet): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let number = 1, rest = BigInt.asUintN(64, signals); rest !== 0n; number++, rest >>= 1n) {
    if ((rest & 1n) === 1n) found.push(number)
  }
  return found
}
