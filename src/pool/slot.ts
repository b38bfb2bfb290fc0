import type { PoolProfile } from '../contracts/profiles.ts'
import type { PoolStatus, SlotState } from '../contracts/protocol.ts'
import { lifecycle } from '../system/lifecycle.ts'
import { contextsOf, ownerOf } from './kinds.ts'

/** Why a host was ended, as counted in `PoolStatus.totals.retired`. */
export type RetireReason =
  | 'crashed'
  | 'start-failed'
  | 'tainted'
  | 'connection-lost'
  | 'root-changed'
  | 'drained'
  | 'worn'
  | 'old'
  | 'heavy'
  | 'unused'
  | 'evicted'
  | 'stopped'

export type SlotLife =
  | { status: 'opening' }
  | { status: 'idle'; sinceMs: number }
  /** To one holder, or to several where its contexts stand beside each other; never empty. */
  | { status: 'leased'; held: HeldLease[] }
  | { status: 'retiring'; reason: RetireReason }
  | { status: 'closed' }

/** The pool's place for one host. */
export interface Slot {
  hostId: string
  /** 0 until the process exists. */
  pid: number
  profile: PoolProfile
  profileKey: string
  /** What the project's dependencies looked like when the host was opened, see `markOf`. */
  rootMark: string
  life: SlotLife
  openedAtMs: number
  leases: number
  files: number
  rssBytes: number
  heapBytes: number
  /** Why it must not be lent again; null while clean. */
  taint: string | null
  /** Asked to end, by `drain`, as soon as it comes back. */
  isDrained: boolean
}

/** A lease as the pool knows it. */
export interface HeldLease {
  leaseId: string
  hostId: string
  clientId: string
  sinceMs: number
  /** What opens its context. */
  token: string
  /** Its holder is done with it: it is being cleared, and free in a moment. */
  isReturning: boolean
}

/** Who holds contexts of this host. */
export function heldLeases({ life }: Slot): HeldLease[] {
  return life.status === 'leased' ? life.held : []
}

/** How many more contexts could be lent of this host now. */
export function freeContexts(slot: Slot): number {
  const isLending = slot.life.status === 'idle' || slot.life.status === 'leased'
  if (!isLending || slot.taint !== null || slot.isDrained) return 0
  return Math.max(0, contextsOf(slot.profile) - heldLeases(slot).length)
}

export const slotStep = lifecycle<SlotState>('slot', {
  opening: ['idle', 'retiring'],
  idle: ['leased', 'retiring'],
  leased: ['idle', 'retiring'],
  retiring: ['closed'],
  closed: [],
})

export function newSlot(about: Pick<Slot, 'hostId' | 'profile' | 'profileKey' | 'rootMark' | 'openedAtMs'>): Slot {
  return {
    ...about,
    pid: 0,
    life: { status: 'opening' },
    leases: 0,
    files: 0,
    rssBytes: 0,
    heapBytes: 0,
    taint: null,
    isDrained: false,
  }
}

/** @throws EverwarmError ILLEGAL_STEP */
export function moveSlot(slot: Slot, life: SlotLife): void {
  slotStep(slot.life.status, life.status)
  slot.life = life
}

/** A host as `pool status` shows it. */
export function describeSlot(slot: Slot, now: number): PoolStatus['hosts'][number] {
  const { hostId, pid, profile, profileKey, life, openedAtMs, leases, files, rssBytes, heapBytes } = slot
  return {
    hostId,
    environment: profile.environment,
    pid,
    profile: profileKey,
    root: ownerOf(profile),
    state: life.status,
    retireReason: life.status === 'retiring' ? life.reason : null,
    ageMs: Math.round(now - openedAtMs),
    leases,
    files,
    rssBytes,
    heapBytes,
    preload: profile.environment === 'node' ? profile.preload : [],
  }
}
