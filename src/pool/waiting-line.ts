/** One request that waits for a host. */
export interface Waiting {
  requestId: string
  clientId: string
  profileKey: string
  /** How many contexts a host of this profile has. */
  contexts: number
  sinceMs: number
  deadlineMs: number
}

/**
 * Who is served first: clients take turns, the one served longest ago first; a client's own requests keep their order.
 * @param servedAt client → a number that grows with each grant; absent: never served
 */
export function lineOrder<W extends Waiting>(waiting: readonly W[], servedAt: ReadonlyMap<string, number>): W[] {
  const queues = new Map<string, W[]>()
  for (const entry of waiting) queues.set(entry.clientId, [...(queues.get(entry.clientId) ?? []), entry])
  const turns = [...queues.entries()].sort(([a, as], [b, bs]) => {
    return (servedAt.get(a) ?? -1) - (servedAt.get(b) ?? -1) || as[0]!.sinceMs - bs[0]!.sinceMs
  })
  const rounds = Math.max(0, ...turns.map(([, queue]) => queue.length))
  return Array.from({ length: rounds }, (_, round) => turns.flatMap(([, queue]) => queue[round] ?? [])).flat()
}

/** Those whose time is up. */
export function expired<W extends Waiting>(waiting: readonly W[], now: number): W[] {
  return waiting.filter((entry) => entry.deadlineMs <= now)
}

/** When the next one's time is up, ms of the same clock; undefined for an empty line. */
export function nextDeadline(waiting: readonly Waiting[]): number | undefined {
  return waiting.length === 0 ? undefined : Math.min(...waiting.map((entry) => entry.deadlineMs))
}
