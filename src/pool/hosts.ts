import { type EverwarmError, errorFromData } from '../contracts/errors.ts'
import type { PoolProfile } from '../contracts/protocol.ts'
import type { Driver, Instance, InstanceExit, InstanceReport } from '../environments/driver.ts'
import type { Clock } from '../system/clock.ts'
import { profileKey, rootMark } from './profile.ts'
import { type RecyclePolicy, retireReason } from './recycle.ts'
import { heldLease, type HeldLease, moveSlot, newSlot, type RetireReason, type Slot } from './slot.ts'

export interface HostsOptions {
  driver: Driver
  clock: Clock
  policy: RecyclePolicy
  /** How long a host may take to end by itself, ms. */
  graceMs: number
  /** Where a host of this id listens. */
  hostAddress(hostId: string): string
  events: HostEvents
}

export interface HostEvents {
  /** There is a process, or at least there was an attempt (0). */
  opened(pid: number): void
  ready(slot: Slot): void
  /** The host itself says that this lease is over; it is idle or retiring now. */
  returned(slot: Slot, held: HeldLease): void
  /** It never became ready; `closed` comes as well, before or after. */
  failed(slot: Slot, error: EverwarmError): void
  /** The process is gone and its place is free. `held` is the lease that its end broke. */
  closed(slot: Slot, held: HeldLease | null, exit: InstanceExit, wasOpening: boolean): void
  output(held: HeldLease | null, hostId: string, fd: 1 | 2, chunk: Uint8Array): void
}

/** The slots with their processes: opens, lends and ends them, and knows nothing of those who wait. */
export interface Hosts {
  all(): Slot[]
  get(hostId: string): Slot
  open(profile: PoolProfile): Slot
  /** @throws EverwarmError ILLEGAL_STEP unless it is idle */
  lend(slot: Slot, leaseId: string, clientId: string): { token: string; address: string }
  /** Idle again, or retired if a rule says so. */
  takeBack(slot: Slot): void
  /** Its holder is gone: it comes back by itself, as `returned`. False: this kind of host cannot, and must be retired. */
  reclaim(slot: Slot): boolean
  /** Ends it if a rule says so; `currentMark` as in `retireReason`. */
  recycle(slot: Slot, currentMark?: string): boolean
  /** Begins its end; its place is free when the process is gone. */
  retire(slot: Slot, reason: RetireReason, afterMs?: number): void
  readonly totals: { files: number; hostsStarted: number; retired: Record<string, number> }
}

export function createHosts({ driver, clock, policy, graceMs, hostAddress, events }: HostsOptions): Hosts {
  const slots = new Map<string, Slot>()
  const instances = new Map<string, Instance>()
  const totals: Hosts['totals'] = { files: 0, hostsStarted: 0, retired: {} }

  function open(profile: PoolProfile): Slot {
    totals.hostsStarted += 1
    const hostId = String(totals.hostsStarted)
    const key = profileKey(profile)
    const slot = newSlot({ hostId, profile, profileKey: key, rootMark: rootMark(profile), openedAtMs: clock.now() })
    slots.set(hostId, slot)
    const instance = driver.open(profile, {
      hostId,
      address: hostAddress(hostId),
      onOutput: (fd, chunk) => events.output(heldLease(slot), hostId, fd, chunk),
      onReturning: () => void (slot.isReturning = slot.life.status === 'leased'),
      onReport: (report) => heard(slot, report),
      onExit: (exit) => closed(slot, exit),
    })
    slot.pid = instance.pid
    instances.set(hostId, instance)
    events.opened(instance.pid)
    instance.ready.then(
      () => ready(slot),
      (error: unknown) => failed(slot, errorFromData(error)),
    )
    return slot
  }

  function ready(slot: Slot): void {
    if (slot.life.status !== 'opening') return
    moveSlot(slot, { status: 'idle', sinceMs: clock.now() })
    if (slot.isDrained) recycle(slot)
    events.ready(slot)
  }

  function failed(slot: Slot, error: EverwarmError): void {
    if (slot.life.status === 'opening') retire(slot, 'start-failed')
    events.failed(slot, error)
  }

  function heard(slot: Slot, report: InstanceReport): void {
    slot.files += report.files
    totals.files += report.files
    slot.rssBytes = report.rssBytes || slot.rssBytes
    slot.heapBytes = report.heapBytes || slot.heapBytes
    slot.taint ??= report.taint
    if (slot.life.status === 'idle') recycle(slot)
    const held = heldLease(slot)
    if (!report.isReturned || !held) return
    takeBack(slot)
    events.returned(slot, held)
  }

  function takeBack(slot: Slot): void {
    slot.isReturning = false
    if (!recycle(slot)) moveSlot(slot, { status: 'idle', sinceMs: clock.now() })
  }

  function closed(slot: Slot, exit: InstanceExit): void {
    const held = heldLease(slot)
    const wasOpening = slot.life.status === 'opening'
    if (slot.life.status !== 'retiring') retire(slot, wasOpening ? 'start-failed' : 'crashed')
    moveSlot(slot, { status: 'closed' })
    slots.delete(slot.hostId)
    instances.delete(slot.hostId)
    events.closed(slot, held, exit, wasOpening)
  }

  function retire(slot: Slot, reason: RetireReason, afterMs = graceMs): void {
    slot.isReturning = false
    moveSlot(slot, { status: 'retiring', reason })
    totals.retired[reason] = (totals.retired[reason] ?? 0) + 1
    instances.get(slot.hostId)?.close(afterMs)
  }

  function recycle(slot: Slot, currentMark?: string): boolean {
    const reason = retireReason(slot, policy, clock.now(), currentMark)
    if (reason) retire(slot, reason)
    return reason !== null
  }

  return {
    totals,
    all: () => [...slots.values()],
    get: (hostId) => slots.get(hostId)!,
    open,
    retire,
    recycle,
    lend(slot, leaseId, clientId) {
      moveSlot(slot, { status: 'leased', leaseId, clientId, sinceMs: clock.now() })
      slot.leases += 1
      return { ...instances.get(slot.hostId)!.lend(), address: hostAddress(slot.hostId) }
    },
    takeBack,
    reclaim(slot) {
      slot.isReturning = instances.get(slot.hostId)?.reclaim?.() ?? false
      return slot.isReturning
    },
  }
}
