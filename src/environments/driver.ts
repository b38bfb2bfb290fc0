import type { PoolProfile } from '../contracts/profiles.ts'

/** Opens instances of one kind of environment. */
export interface Driver<Profile = PoolProfile> {
  readonly environment: string
  open(profile: Profile, seat: Seat): Instance
}

/** What the pool gives an instance to live in. */
export interface Seat {
  hostId: string
  /** Where the instance listens: a unix socket or a named pipe. */
  address: string
  onOutput(fd: 1 | 2, chunk: Uint8Array): void
  /** The holder of this token is done with its context; a report with `returned` follows when it is clean again. */
  onReturning(token: string): void
  onReport(report: InstanceReport): void
  /** Once, after the last output, also when there never was a process. */
  onExit(exit: InstanceExit): void
}

/** One live process that can hold contexts, one after another, or several beside each other. */
export interface Instance {
  /** 0 if it could not be spawned. */
  readonly pid: number
  /** When it can be lent. @throws EverwarmError HOST_START_FAILED */
  readonly ready: Promise<void>
  /** Makes the next context reachable. */
  lend(): Context
  /**
   * Takes the context back from a holder that is gone: a report with `returned` follows.
   * Absent or false: this instance cannot, and has to be closed.
   */
  reclaim?(token: string): boolean
  /** Asks it to end, and ends it and all its children by force after `graceMs` (0: at once). */
  close(graceMs: number): void
}

/** An isolated slice of an instance: whoever has the token opens it, once. */
export interface Context {
  token: string
}

export interface InstanceReport {
  /** The token of a lease that is over by the word of the instance itself: its holder closed the context, or was reclaimed from. */
  returned?: string
  /** Test files since the last report. */
  files: number
  rssBytes: number
  heapBytes: number
  /** Why it must not be lent again; null when clean. */
  taint: string | null
}

export interface InstanceExit {
  code: number | null
  signal: NodeJS.Signals | null
}
