/** A place in the line of one group. */
export interface Ticket {
  /** Later ones are higher; two may have drawn the same, then ids decide. */
  number: number
  id: string
  /** How many may run at a time, in the opinion of this one. */
  max: number
  /** While it waits as the newest, the oldest running one is to end, and all who wait before it. */
  cancelsOthers: boolean
}

/** More of them say nothing to anybody. */
const MOST_NAMED = 20

/** `behind`: the first who stand before it, ids, the oldest first. */
export type Turn = { do: 'run' } | { do: 'wait'; ahead: number; behind: string[] } | { do: 'give-way'; to: string }

export const inLine = (a: Pick<Ticket, 'number' | 'id'>, b: Pick<Ticket, 'number' | 'id'>) =>
  a.number - b.number || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/**
 * What the holder of `mine` should do, by all tickets of living holders; each decides for itself by the same rule.
 * It runs if fewer than `max` stand before it. Nobody ever comes to stand before somebody else, so who runs goes on to.
 */
export function turnOf(living: readonly Ticket[], mine: Ticket): Turn {
  const line = [...living.filter(({ id }) => id !== mine.id), mine].sort(inLine)
  const place = line.findIndex(({ id }) => id === mine.id)
  const newest = line.at(-1)!
  const isRunning = place < mine.max
  const isPushed = newest.cancelsOthers && newest.id !== mine.id && line.length > newest.max
  // The first in line always runs, and has done so for the longest time.
  if (isPushed && (place === 0 || !isRunning)) return { do: 'give-way', to: newest.id }
  return isRunning
    ? { do: 'run' }
    : { do: 'wait', ahead: place - mine.max + 1, behind: line.slice(0, Math.min(place, MOST_NAMED)).map(({ id }) => id) }
}
