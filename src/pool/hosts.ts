import { type EverwarmError, errorFromData } from '../contracts/errors.ts'
import type { PoolProfile } from '../contracts/profiles.ts'
import type { Driver, Instance, InstanceExit, InstanceReport } from '../environments/driver.ts'
import type { Clock } from '../system/clock.ts'
import { markOf, profileKey } from './kinds.ts'
import { type RecyclePolicy, retireReason } from './recycle.ts'
import { type HeldLease, heldLeases, moveSlot, newSlot, type RetireReason, type Slot } from './slot.ts'

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
  /** The process is gone and its place is free. `held` are the leases that its end broke. */
  closed(slot: Slot, held: HeldLease[], exit: InstanceExit, wasOpening: boolean): void
  /** `held` is null where nobody holds it, or several do. */
  output(held: HeldLease | null, hostId: string, fd: 1 | 2, chunk: Uint8Array): void
}

/** The slots with their processes: opens, lends and ends them, and knows nothing of those who wait. */
export interface Hosts {
  all(): Slot[]
  get(hostId: string): Slot
  open(profile: PoolProfile): Slot
  /** @throws EverwarmError ILLEGAL_STEP unless it has a context free */
  lend(slot: Slot, leaseId: string, clientId: string): { token: string; address: string }
  /** After its last lease it is idle again, or retired if a rule says so. */
  takeBack(slot: Slot, held: HeldLease): void
  /** Its holder is gone: it comes back by itself, as `returned`. False: this kind of host cannot, and must be retired. */
  reclaim(slot: Slot, held: HeldLease): boolean
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
    const slot = newSlot({ hostId, profile, profileKey: key, rootMark: markOf(profile), openedAtMs: clock.now() })
    slots.set(hostId, slot)
    const instance = driver.open(profile, {
      hostId,
      address: hostAddress(hostId),
      onOutput: (fd, chunk) => events.output(onlyLease(slot), hostId, fd, chunk),
      onReturning: (token) => heldLeases(slot).forEach((held) => void (held.isReturning ||= held.token === token)),
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
    const held = heldLeases(slot).find(({ token }) => token === report.returned)
    if (!held) return
    takeBack(slot, held)
    events.returned(slot, held)
  }

  function takeBack(slot: Slot, held: HeldLease): void {
    if (slot.life.status !== 'leased') return
    slot.life.held = slot.life.held.filter((other) => other !== held)
    if (slot.life.held.length > 0) return
    if (!recycle(slot)) moveSlot(slot, { status: 'idle', sinceMs: clock.now() })
  }

  function closed(slot: Slot, exit: InstanceExit): void {
    const held = heldLeases(slot)
    const wasOpening = slot.life.status === 'opening'
    if (slot.life.status !== 'retiring') retire(slot, wasOpening ? 'start-failed' : 'crashed')
    moveSlot(slot, { status: 'closed' })
    slots.delete(slot.hostId)
    instances.delete(slot.hostId)
    events.closed(slot, held, exit, wasOpening)
  }

  function retire(slot: Slot, reason: RetireReason, afterMs = graceMs): void {
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
      const others = heldLeases(slot)
      if (others.length === 0) moveSlot(slot, { status: 'leased', held: others })
      slot.leases += 1
      const { token } = instances.get(slot.hostId)!.lend()
      others.push({ leaseId, hostId: slot.hostId, clientId, sinceMs: clock.now(), token, isReturning: false })
      return { token, address: hostAddress(slot.hostId) }
    },
    takeBack,
    reclaim(slot, held) {
      held.isReturning = instances.get(slot.hostId)?.reclaim?.(held.token) ?? false
      return held.isReturning
    },
  }
}

/** Output past a host's own streams belongs to somebody only where there is just one who can have written it. */
function onlyLease(slot: Slot): HeldLease | null {
  const [held = null, ...others] = heldLeases(slot)
  return others.length === 0 ? held : null
}
