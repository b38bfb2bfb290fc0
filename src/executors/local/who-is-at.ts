import { readdirSync, readlinkSync, statSync } from 'node:fs'

/** In the folder of an execution: the mark of its engine, one line. Other engines read it. */
export const OWNER = 'owner'

/**
 * Whether a process, by its number as `/proc` names it, works in one of these folders, runs a program of it or has a file of it
 * open. Some 100 µs for a process with 50 open files. Of other users' processes nothing is known.
 * @param places folders, and pipes by their names; also such as are removed meanwhile
 */
export function whoIsAt(places: readonly string[]): (pid: string) => boolean {
  // Most is elsewhere: one look tells.
  const common = places.reduce(commonStart, places[0] ?? '')
  const isAt = (target: string) => target.startsWith(common) && places.some((place) => isIn(place, target))
  return (pid) => {
    if (places.length === 0) return false
    if (isAt(targetOf(`/proc/${pid}/cwd`)) || isAt(targetOf(`/proc/${pid}/exe`))) return true
    // Engines that sweep have folders open.
    return openOf(pid).some((link) => isAt(targetOf(link)) && !isFolder(link))
  }
}

/** The system adds a word to the names of what is removed. @see proc_pid_fd(5) */
function isIn(place: string, target: string): boolean {
  if (!target.startsWith(place)) return false
  const rest = target.slice(place.length)
  return rest === '' || rest === ' (deleted)' || (rest.startsWith('/') && rest !== `/${OWNER}`)
}

function commonStart(one: string, other: string): string {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return one.slice(0, length)
}

const targetOf = (link: string) => tried(() => readlinkSync(link), '')
const openOf = (pid: string) => tried(() => readdirSync(`/proc/${pid}/fd`), []).map((fd) => `/proc/${pid}/fd/${fd}`)
const isFolder = (link: string) => tried(() => statSync(link).isDirectory(), true)

function tried<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    // It has ended in between, or is another user's.
    return otherwise
  }
}
