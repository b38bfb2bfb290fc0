import type { PoolProfile } from '../contracts/profiles.ts'
import type { Lease, LeaseEnd } from '../contracts/protocol.ts'

/** Why a held lease is over without having been released. */
export type LeaseLoss =
  | { kind: 'host-exited'; code: number | null; signal: string | null }
  | { kind: 'revoked'; reason: string }
  /** The daemon ended or cannot be reached any more; its hosts end with it. */
  | { kind: 'daemon-lost'; reason: string }

/** A lease in the hands of the one who asked for it. */
export interface HeldLease {
  readonly lease: Lease
  /** Settles once, when the lease is lost; never rejects, and never settles for a released lease. */
  readonly lost: Promise<LeaseLoss>
  /** Bytes the host wrote past `process.stdout.write`, straight to its file descriptors. */
  onOutput: ((fd: 1 | 2, chunk: Uint8Array) => void) | null
  /** Gives the context back; never rejects, because the lease ends with the connection at the latest. */
  release(end: LeaseEnd): Promise<void>
}

/** Who lends contexts: the daemon's client, or a small pool inside this process for tests. */
export interface Leaser {
  /**
   * @param waitMs how long to stand in line
   * @throws EverwarmError DAEMON_UNREACHABLE, DAEMON_START_FAILED, PROTOCOL_MISMATCH, TOKEN_REFUSED, LEASE_TIMEOUT, HOST_START_FAILED
   */
  acquire(profile: PoolProfile, waitMs: number): Promise<HeldLease>
  /** Opens hosts before they are needed; a wish, never an error. */
  warm(profile: PoolProfile, count: number): void
  /** Lets everything go that is still held. */
  close(): Promise<void>
}
