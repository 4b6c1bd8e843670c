/**
 * The processes of a jail, as ps(1) tells them, and which of them belong to a spawn.
 */

/** A process that is not a zombie. */
export interface Process {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Its environment, then its arguments, separated by spaces, with control characters encoded as vis(3) does. */
  readonly text: string
}

const COLUMNS = ["pid", "ppid", "pgid", "sid", "state", "command"]

/**
 * ps(1) of FreeBSD: all processes, each on a line that is not cut, with the environment (`-e`) in front of the command
 * because that is the last column. Columns that end in `=` have no header.
 */
export const PS: ReadonlyArray<string> = [
  "/bin/ps",
  "-axwwe",
  ...COLUMNS.flatMap((column) => ["-o", `${column}=`])
]

const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/

/** The processes in what `PS` prints. */
export const parse = (output: string): ReadonlyArray<Process> =>
  output.split("\n").flatMap((line) => {
    const [, pid, parent, group, session, state = "", text = ""] = LINE.exec(line) ?? []
    return pid === undefined || state.startsWith("Z") ? [] : [{
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      text
    }]
  })

/**
 * Those that have the mark (`NAME=value`) in their environment, all in the sessions of those, and all that descend from
 * any of them. A session that has one member of a spawn was made by the spawn, so that all of it belongs to it.
 *
 * What has made a session of its own, has cleared its environment and has lost its parent is no longer known.
 */
export const belonging = (mark: string, processes: ReadonlyArray<Process>): ReadonlyArray<Process> => {
  const found = new Set<Process>()
  const pids = new Set<number>()
  const sessions = new Set<number>()
  const belongs = ({ parent, session, text }: Process): boolean =>
    ` ${text} `.includes(` ${mark} `) || pids.has(parent) || (session > 0 && sessions.has(session))
  for (let known = -1; known < found.size;) {
    known = found.size
    for (const process of processes.filter(belongs)) {
      found.add(process)
      pids.add(process.pid)
      sessions.add(process.session)
    }
  }
  return [...found]
}
