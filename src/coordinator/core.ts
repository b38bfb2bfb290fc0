import type { Database } from '../database/database.ts'
import type { Clock } from '../system/clock.ts'
import type { EventLog } from './event-log.ts'
import type { Patience } from './heartbeat.ts'
import type { Holders } from './holders.ts'
import type { ShardQueue } from './queue-types.ts'

/** What the parts of one coordinator share. Facts live in the database; only connections and who holds what here is in memory. */
export interface Core {
  /** Of this process: new at each start. */
  id: string
  db: Database
  queue: ShardQueue
  log: EventLog
  clock: Clock
  holders: Holders
  patience: Patience
  heartbeatMs: number
  /** How long a worker whose connection closed may take to come back to what it ran, ms. */
  reconnectMs: number
  /** Somebody may have something to do now. */
  pump(): void
  /** Something may wait again in each line: to be said before `pump`. */
  hope(): void
  /** A fault that nobody waits for: said once, with what was being done. */
  complain(what: string, error: unknown): void
}
