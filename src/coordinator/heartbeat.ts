/** How long a worker may be silent, ms. */
export interface Patience {
  /** A worker that says nothing for longer is late: it gets no new shards. Default 30,000, and a half for the way. */
  lateMs: number
  /** Longer still, and it counts as gone. */
  offlineMs: number
}

/** Of the source: a sign of life every 30 s, gone after 90 s. */
export const HEARTBEAT_MS = 30_000
export const OFFLINE_MS = 90_000

export const patience = (heartbeatMs = HEARTBEAT_MS, offlineMs = OFFLINE_MS): Patience => ({
  lateMs: Math.min(heartbeatMs * 1.5, offlineMs),
  offlineMs,
})

/** What the coordinator knows of a worker's life, besides what it holds. */
export interface Sign {
  /** ms, of the same clock as `nowMs` */
  lastSeenMs: number
  isConnected: boolean
  isDraining: boolean
  hasFailed: boolean
}

export type Pulse = 'online' | 'late' | 'offline' | 'draining' | 'error'

/** Pure. A connection is a sign of life as long as it stands: its own pings see to that. */
export function pulseOf(sign: Sign, nowMs: number, { lateMs, offlineMs }: Patience): Pulse {
  const silentMs = sign.isConnected ? 0 : nowMs - sign.lastSeenMs
  if (silentMs >= offlineMs) return 'offline'
  if (sign.hasFailed) return 'error'
  if (sign.isDraining) return 'draining'
  return silentMs >= lateMs ? 'late' : 'online'
}

/** Who must be taken for lost now. */
export function goneWorkers<Worker extends Sign & { id: string }>(
  workers: Iterable<Worker>,
  nowMs: number,
  limits: Patience,
): Worker[] {
  return [...workers].filter((worker) => pulseOf(worker, nowMs, limits) === 'offline')
}
