import { EverwarmError } from '../contracts/errors.ts'
import type { PoolProfile } from '../contracts/profiles.ts'
import type { Lease, LeaseEnd, LeaseRequest, PoolStatus } from '../contracts/protocol.ts'
import type { Driver, InstanceExit } from '../environments/driver.ts'
import type { Clock, Timer } from '../system/clock.ts'
import { createHosts } from './hosts.ts'
import { contextsOf, FAMILIES, familyOf, isSingleUse, markOf, ownerOf, profileKey } from './kinds.ts'
import { KnownProfiles } from './known-profiles.ts'
import { LeaseStats } from './lease-stats.ts'
import { freePlaces, type Limits, usedBytes } from './limits.ts'
import type { RecyclePolicy } from './recycle.ts'
import { describeSlot, freeContexts, type HeldLease, heldLeases, type Slot } from './slot.ts'
import { longestUnused, needsSpare, needsSuccessor, poolSteps } from './steps.ts'
import { stopping } from './stopping.ts'
import { expired, lineOrder, nextDeadline, type Waiting } from './waiting-line.ts'

/** What the pool tells its owner; it is called in the middle of a change and must not call back. */
export interface PoolEvents {
  hostOpened(pid: number): void
  /** `held` are the leases that its end broke. */
  hostClosed(pid: number, held: HeldLease[], exit: InstanceExit): void
  revoked(held: HeldLease, reason: string): void
  /** `held` is null while nobody holds the host, or several do. */
  output(held: HeldLease | null, hostId: string, fd: 1 | 2, chunk: Uint8Array): void
  /** Leases or hosts came or went. */
  changed(): void
  /** A profile was leased: worth remembering for `warm`. */
  used(profile: PoolProfile): void
}

export interface PoolOptions {
  driver: Driver
  clock: Clock
  policy: RecyclePolicy
  limits: Limits
  events: PoolEvents
  /** Where a host of this id listens. */
  hostAddress(hostId: string): string
  /** How many of the profiles used last keep a host ready. */
  spares?: number
  /** How long the pool must be at rest before it opens spares, ms. */
  restMs?: number
  /** How long a host may take to end by itself, ms. */
  graceMs?: number
}

export interface Pool {
  /** Waits in line until `request.waitMs`. @throws EverwarmError LEASE_TIMEOUT, HOST_START_FAILED, DAEMON_STOPPING */
  acquire(request: LeaseRequest, clientId: string): Promise<Lease>
  /** @throws EverwarmError LEASE_UNKNOWN */
  release(leaseId: string, end: LeaseEnd, clientId: string): void
  /** The client's connection is gone: what it holds is killed, what it waits for is forgotten. */
  disconnect(clientId: string): void
  /** Opens hosts until `count` of this profile are ready or leased. Resolves with the number that are ready. */
  warm(profile: PoolProfile, count: number): Promise<number>
  /** Keeps a host of this profile ready from now on, as if it had been leased: it is opened when the pool is at rest. */
  expect(profile: PoolProfile): void
  /** Whether a host of this profile is ready, or will be in a moment. */
  isExpected(profile: PoolProfile): boolean
  drain(): number
  leases(): HeldLease[]
  status(): Pick<PoolStatus, 'hosts' | 'waiting' | 'slots' | 'memory' | 'totals' | 'leaseTimes'> & { isDraining: boolean }
  /** From now on nothing is lent; who waits in line hears so. Held leases go on. */
  refuse(): void
  /** Refuses, revokes, kills, and resolves when the last process is gone. */
  stop(): Promise<void>
}

interface Waiter extends Waiting {
  profile: PoolProfile
  resolve(lease: Lease): void
  reject(error: EverwarmError): void
}

const SWEEP_MS = 15_000

export function createPool(options: PoolOptions): Pool {
  const { driver, clock, policy, limits, events, hostAddress, spares = 2, restMs = 1_000, graceMs = 300 } = options
  const profiles = new KnownProfiles()
  const servedAt = new Map<string, number>()
  const settleListeners = new Set<() => void>()
  const stats = new LeaseStats()
  let line: Waiter[] = []
  let serial = 0
  let leasesGranted = 0
  let deadline: Timer | undefined
  let rest: Timer | undefined
  let sweep: Timer | undefined
  let isRefusing = false

  const hosts = createHosts({
    driver,
    clock,
    policy,
    graceMs,
    hostAddress,
    events: {
      opened: events.hostOpened,
      output: events.output,
      ready(slot) {
        profiles.started(slot.profileKey)
        settle()
      },
      failed,
      returned(slot, held) {
        stats.ended(slot.taint === null ? 'clean' : 'tainted', clock.now() - held.sinceMs)
        settle()
      },
      closed(slot, held, exit, wasOpening) {
        for (const { sinceMs } of held) stats.ended('host-exited', clock.now() - sinceMs)
        events.hostClosed(slot.pid, held, exit)
        // The end of an opening host is told to those in line first, by `failed`, or another would be opened for them.
        if (!wasOpening) settle()
      },
    },
  })
  const { all } = hosts
  const leases = () => all().flatMap(heldLeases)

  function failed(slot: Slot, error: EverwarmError): void {
    // What cannot start for one will not start for the next in line either; each falls back on its own.
    const losers = line.filter((waiter) => waiter.profileKey === slot.profileKey)
    line = line.filter((waiter) => waiter.profileKey !== slot.profileKey)
    profiles.started(slot.profileKey, error)
    for (const waiter of losers) turnAway(waiter, error)
    settle()
  }

  function turnAway(waiter: Waiter, error: EverwarmError): void {
    stats.refused(error.code)
    waiter.reject(error)
  }

  function grant(slot: Slot, waiter: Waiter): void {
    const leaseId = `L${(serial += 1)}`
    const served = slot.leases
    const { token, address } = hosts.lend(slot, leaseId, waiter.clientId)
    leasesGranted += 1
    stats.granted(clock.now() - waiter.sinceMs)
    servedAt.set(waiter.clientId, leasesGranted)
    profiles.used(slot.profileKey, clock.now())
    events.used(waiter.profile)
    const isRoom = line.length === 0 && freePlaces(all(), limits, familyOf(slot.profile)) > 0
    const isNextNeeded = isSingleUse(slot.profile)
      ? needsSpare(slot.profileKey, all())
      : needsSuccessor(slot.profileKey, profiles.taintsInARow(slot.profileKey), all())
    if (isRoom && isNextNeeded) hosts.open(slot.profile)
    waiter.resolve({ leaseId, hostId: slot.hostId, hostPid: slot.pid, address, token, served })
  }

  /** Brings the pool in line with what is asked of it; called after every change. */
  function settle(): void {
    if (!isRefusing) serve()
    for (const listener of settleListeners) listener()
    events.changed()
  }

  function serve(): void {
    const steps = FAMILIES.flatMap((family) =>
      poolSteps(
        lineOrder(
          line.filter(({ profile }) => familyOf(profile) === family),
          servedAt,
        ),
        all(),
        limits,
        family,
      ),
    )
    for (const step of steps) {
      if (step.do === 'open') hosts.open(profiles.profile(step.profileKey))
      else if (step.do === 'evict') hosts.retire(hosts.get(step.hostId), 'evicted')
      else {
        const waiter = line.find(({ requestId }) => requestId === step.requestId)!
        line = line.filter((other) => other !== waiter)
        grant(hosts.get(step.hostId), waiter)
      }
    }
    watchDeadlines()
    watchRest()
    sweep ??= profiles.isEmpty ? undefined : clock.after(SWEEP_MS, sweepIdle)
  }

  function watchDeadlines(): void {
    deadline?.cancel()
    const atMs = nextDeadline(line)
    deadline = atMs === undefined ? undefined : clock.after(Math.max(0, atMs - clock.now()), expire)
  }

  function expire(): void {
    const leased = leases().length
    for (const waiter of expired(line, clock.now())) {
      line = line.filter((other) => other !== waiter)
      turnAway(waiter, tooLate(waiter, leased, limits.families[familyOf(waiter.profile)].most))
    }
    settle()
  }

  /** Spares are opened when nobody works, so that nobody pays for them. */
  function watchRest(): void {
    const isAtRest = line.length === 0 && all().every((slot) => slot.life.status === 'idle')
    if (!isAtRest) return void (rest = rest?.cancel() as undefined)
    rest ??= clock.after(restMs, () => {
      rest = undefined
      const rule = { now: clock.now(), withinMs: policy.maxIdleMs, count: spares }
      const profile = profiles.missing(all(), rule)
      if (!profile) return
      if (freePlaces(all(), limits, familyOf(profile)) > 0) return void hosts.open(profile)
      // Of a project that nobody has used for long: it makes room, and the end of its process opens the spare.
      const isForgotten = (slot: Slot) => familyOf(slot.profile) === familyOf(profile) && !profiles.isKept(slot.profileKey, rule)
      const unused = longestUnused(all().filter(isForgotten))
      if (unused) hosts.retire(unused, 'evicted')
    })
  }

  function sweepIdle(): void {
    sweep = undefined
    for (const slot of all()) if (slot.life.status === 'idle') hosts.recycle(slot)
    const needed = new Set([...all(), ...line].map((one) => one.profileKey))
    profiles.forget(needed, { now: clock.now(), withinMs: policy.maxIdleMs })
    settle()
  }

  function refuse(): void {
    isRefusing = true
    for (const waiter of line.splice(0)) turnAway(waiter, stopping())
    for (const timer of [deadline, rest, sweep]) timer?.cancel()
  }

  return {
    acquire(request, clientId) {
      if (isRefusing) return Promise.reject(stopping())
      const key = profiles.remember(request.profile)
      const mark = markOf(request.profile)
      for (const slot of all().filter((slot) => slot.profileKey === key)) {
        if (slot.life.status === 'idle') hosts.recycle(slot, mark)
        // Shared with others who began before the change: it ends after them.
        else if (slot.life.status === 'leased') slot.isDrained ||= slot.rootMark !== mark
      }
      return new Promise((resolve, reject) => {
        const now = clock.now()
        const requestId = `R${(serial += 1)}`
        line.push({
          requestId,
          clientId,
          profileKey: key,
          contexts: contextsOf(request.profile),
          profile: request.profile,
          sinceMs: now,
          deadlineMs: now + request.waitMs,
          resolve,
          reject,
        })
        settle()
      })
    },
    release(leaseId, end, clientId) {
      const held = leases().find((lease) => lease.leaseId === leaseId && lease.clientId === clientId)
      if (!held) {
        throw new EverwarmError('LEASE_UNKNOWN', {
          message: `There is no lease "${leaseId}" of this client.`,
          hint: 'Its host may have ended before it was given back.',
        })
      }
      stats.ended(end.outcome, clock.now() - held.sinceMs)
      const slot = hosts.get(held.hostId)
      if (end.outcome === 'tainted') slot.taint ??= end.reason ?? 'said so by its client'
      profiles.returned(slot.profileKey, slot.taint !== null)
      hosts.takeBack(slot, held)
      settle()
    },
    disconnect(clientId) {
      line = line.filter((waiter) => waiter.clientId !== clientId)
      servedAt.delete(clientId)
      for (const held of leases().filter((lease) => lease.clientId === clientId)) {
        const slot = hosts.get(held.hostId)
        if (slot.life.status === 'retiring' || hosts.reclaim(slot, held)) continue
        stats.ended('connection-lost', clock.now() - held.sinceMs)
        // At once: a host may be in a busy loop, where it cannot see that its client is gone.
        hosts.retire(slot, 'connection-lost', 0)
      }
      settle()
    },
    async warm(profile, count) {
      if (isRefusing) throw stopping()
      const key = profiles.remember(profile)
      profiles.used(key, clock.now())
      const own = () => all().filter((slot) => slot.profileKey === key && slot.life.status !== 'retiring')
      const missing = Math.min(count - own().length, freePlaces(all(), limits, familyOf(profile)))
      const opening = Array.from({ length: Math.max(0, missing) }, () => hosts.open(profile))
      settle()
      await until(() => opening.every((slot) => slot.life.status !== 'opening'))
      const ready = own().filter((slot) => slot.life.status === 'idle').length
      const failure = profiles.startError(key)
      if (ready === 0 && failure) throw failure
      return ready
    },
    expect(profile) {
      if (isRefusing) return
      const key = profiles.remember(profile)
      // What has just failed to start is tried again when it has been forgotten, not with every wish.
      if (profiles.startError(key)) return
      profiles.used(key, clock.now())
      settle()
    },
    isExpected(profile) {
      const [key, mark] = [profileKey(profile), markOf(profile)]
      return all().some(
        (slot) => slot.profileKey === key && slot.rootMark === mark && (slot.life.status === 'opening' || freeContexts(slot) > 0),
      )
    },
    drain() {
      profiles.expectNone()
      const open = all().filter((slot) => slot.life.status !== 'retiring')
      for (const slot of open) slot.isDrained = true
      for (const slot of open) if (slot.life.status === 'idle') hosts.recycle(slot)
      settle()
      return open.length
    },
    leases,
    status() {
      const described = all().map((slot) => describeSlot(slot, clock.now()))
      const { files, hostsStarted, retired } = hosts.totals
      return {
        hosts: described,
        waiting: line.length,
        slots: {
          used: described.length,
          limit: FAMILIES.reduce((sum, family) => sum + limits.families[family].most, 0),
          spares: described.filter((host) => host.state === 'idle').length,
          families: Object.fromEntries(
            FAMILIES.map((family) => [
              family,
              {
                used: all().filter(({ profile }) => familyOf(profile) === family).length,
                limit: limits.families[family].most,
              },
            ]),
          ),
        },
        memory: { hostsBytes: usedBytes(all(), limits), limitBytes: limits.maxBytes },
        totals: { leases: leasesGranted, files, hostsStarted, retired: { ...retired } },
        leaseTimes: stats.times(),
        isDraining: all().some((slot) => slot.isDrained),
      }
    },
    refuse,
    async stop() {
      refuse()
      for (const held of leases()) {
        stats.ended('revoked', clock.now() - held.sinceMs)
        events.revoked(held, 'The daemon was told to stop.')
      }
      for (const slot of all()) if (slot.life.status !== 'retiring') hosts.retire(slot, 'stopped', 0)
      await until(() => all().length === 0)
    },
  }

  /** Resolves as soon as `holds` after some change. */
  function until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return
        settleListeners.delete(look)
        resolve()
      }
      settleListeners.add(look)
      look()
    })
  }
}

function tooLate({ profile, sinceMs, deadlineMs }: Waiter, leased: number, maxHosts: number): EverwarmError {
  return new EverwarmError('LEASE_TIMEOUT', {
    message: `No host became free for ${ownerOf(profile)} within ${Math.round(deadlineMs - sinceMs)} ms (${leased} of ${maxHosts} are leased).`,
    hint: 'Wait longer, or see who holds them with `everwarm pool status`.',
  })
}
