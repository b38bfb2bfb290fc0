import { z } from 'zod'
import { Environment, PoolProfile } from './profiles.ts'

export { PROTOCOL_VERSION } from './version.ts'

/** What a client says first; nothing else is answered before it was accepted. */
export const Hello = z.object({
  protocol: z.number().int(),
  version: z.string(),
  token: z.string(),
  pid: z.number().int(),
  /** Shown by `pool status`, e.g. "vitest /home/me/app". */
  label: z.string().max(500),
  /** Only asks: a daemon of another version, but the same protocol, answers it and is not replaced for its sake. */
  isVisitor: z.boolean().optional(),
})
export type Hello = z.infer<typeof Hello>

export const Welcome = z.object({ protocol: z.number().int(), version: z.string(), pid: z.number().int() })
export type Welcome = z.infer<typeof Welcome>

/** How long to wait in line, ms. */
const WaitMs = z.number().int().min(0).max(3_600_000)

export const LeaseRequest = z.object({ profile: PoolProfile, waitMs: WaitMs })
export type LeaseRequest = z.infer<typeof LeaseRequest>

export const Lease = z.object({
  leaseId: z.string(),
  hostId: z.string(),
  hostPid: z.number().int(),
  /** Unix socket (or named pipe) of the host: test traffic goes there, never through the daemon. */
  address: z.string(),
  /** Opens that socket once, for this lease only. */
  token: z.string(),
  /** Leases this host has served before: 0 for a fresh process. */
  served: z.number().int(),
})
export type Lease = z.infer<typeof Lease>

/** How a client gives a context back. */
export const LeaseEnd = z.object({
  /** `clean`: restored, may be lent again; `tainted`: must be retired. */
  outcome: z.enum(['clean', 'tainted']),
  reason: z.string().optional(),
})
export type LeaseEnd = z.infer<typeof LeaseEnd>

export const SlotState = z.enum(['opening', 'idle', 'leased', 'retiring', 'closed'])
export type SlotState = z.infer<typeof SlotState>

/** Counts of times by upper bound, ms; one count more than bounds, for what is longer than all of them. */
const Histogram = z.object({ boundsMs: z.array(z.number()), counts: z.array(z.number().int()), sumMs: z.number() })

export const PoolStatus = z.object({
  daemon: z.object({
    pid: z.number().int(),
    version: z.string(),
    protocol: z.number().int(),
    uptimeMs: z.number(),
    address: z.string(),
    rssBytes: z.number(),
    clients: z.number().int(),
    /** ms until the daemon ends by itself; null while it has clients or leases. */
    endsInMs: z.number().nullable(),
    draining: z.boolean(),
  }),
  hosts: z.array(
    z.object({
      hostId: z.string(),
      environment: Environment,
      pid: z.number().int(),
      profile: z.string(),
      /** Folder of the project; of a browser, its program. */
      root: z.string(),
      state: SlotState,
      retireReason: z.string().nullable(),
      ageMs: z.number(),
      leases: z.number().int(),
      files: z.number().int(),
      rssBytes: z.number(),
      heapBytes: z.number(),
      preload: z.array(z.string()),
    }),
  ),
  leases: z.array(
    z.object({ leaseId: z.string(), hostId: z.string(), clientPid: z.number().int(), label: z.string(), heldMs: z.number() }),
  ),
  waiting: z.number().int(),
  slots: z.object({
    used: z.number().int(),
    limit: z.number().int(),
    spares: z.number().int(),
    /** Hosts that share their places: `node`, `browser`, `resident` (prepared Vitests), `runtime`. */
    families: z.record(z.string(), z.object({ used: z.number().int(), limit: z.number().int() })),
  }),
  memory: z.object({ hostsBytes: z.number(), limitBytes: z.number() }),
  totals: z.object({
    leases: z.number().int(),
    files: z.number().int(),
    hostsStarted: z.number().int(),
    retired: z.record(z.string(), z.number()),
  }),
  /** Since the daemon's start. */
  leaseTimes: z.object({
    waitMs: Histogram,
    heldMs: Histogram,
    /** By outcome, see `LeaseOutcome`. */
    ended: z.record(z.string(), z.number()),
    /** By the code of the error. */
    refused: z.record(z.string(), z.number()),
  }),
})
export type PoolStatus = z.infer<typeof PoolStatus>

/** What a client may call on the daemon, by birpc. Errors come back as ErrorData. */
export interface DaemonFunctions {
  hello(hello: Hello): Promise<Welcome>
  acquire(request: LeaseRequest): Promise<Lease>
  release(leaseId: string, end: LeaseEnd): Promise<void>
  status(): Promise<PoolStatus>
  /** Opens hosts for a profile until `count` are ready, without leasing them. */
  warm(profile: PoolProfile, count: number): Promise<{ ready: number }>
  /** Retires idle hosts now and leased ones when they come back. */
  drain(): Promise<{ retired: number }>
  /** Ends the daemon; held leases are revoked. */
  stop(): Promise<void>
}

/** What the daemon may call on a client; none is answered. */
export interface ClientFunctions {
  revoked(leaseId: string, reason: string): void
  hostExited(leaseId: string, exit: { code: number | null; signal: string | null }): void
  /** Bytes written to a host's file descriptors 1 and 2, past any override of `process.stdout.write`. */
  output(leaseId: string, fd: 1 | 2, chunk: Uint8Array): void
}
