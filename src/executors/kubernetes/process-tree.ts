/** A line of /proc/<pid>/stat. */
export interface ProcessRow {
  pid: number
  /** `Z`: it has ended. */
  state: string
  parent: number
  /** In ticks of the node, since it was started. */
  startedAt: number
}

/** @param text lines of several /proc/<pid>/stat; names of programs may hold anything but a new line */
export function processRows(text: string): ProcessRow[] {
  return text.split('\n').flatMap((line) => {
    const found = /^(\d+) \(.*\) (\S) (\d+) (.*)$/.exec(line)
    if (!found) return []
    // startedAt is field 22 of the line; what stands after the parent begins with field 5.
    return [{ pid: Number(found[1]), state: found[2]!, parent: Number(found[3]), startedAt: Number(found[4]!.split(' ')[17]) }]
  })
}

/**
 * What belongs to a command: all that began with it or after it, wherever it has gone since, but for what is ours and for the other
 * commands of the container with what hangs on them. A process that has left its parent while two commands run counts for both.
 * @param strangers those without our mark
 */
export function processesOf(
  main: number,
  rows: readonly ProcessRow[],
  strangers: ReadonlySet<number>,
  others: ReadonlySet<number>,
): number[] {
  const byPid = new Map(rows.map((row) => [row.pid, row]))
  const isOfOther = (row: ProcessRow | undefined): boolean =>
    row !== undefined && row.pid !== main && (others.has(row.pid) || isOfOther(byPid.get(row.parent)))
  return rows
    .filter(({ state, pid }) => state !== 'Z' && state !== 'X' && pid !== 1 && strangers.has(pid))
    .filter((row) => row.pid === main || !isOfOther(row))
    .map(({ pid }) => pid)
}

/** Of all processes those that began no earlier than `startedAt`. */
export const since = (rows: readonly ProcessRow[], startedAt: number) => rows.filter((row) => row.startedAt >= startedAt)
