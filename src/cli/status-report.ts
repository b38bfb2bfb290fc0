import type { PoolStatus } from '../contracts/protocol.ts'

/** The same shape with and without a daemon; without one `daemon` is null and everything else empty. */
export type StatusReport = Omit<PoolStatus, 'daemon'> & { daemon: PoolStatus['daemon'] | null }
