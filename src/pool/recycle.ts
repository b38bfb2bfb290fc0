import type { PoolProfile } from '../contracts/profiles.ts'
import { type Family, familyOf, isSingleUse, ownerOf } from './kinds.ts'
import type { RetireReason, Slot } from './slot.ts'

type PlainPolicy = Omit<RecyclePolicy, 'roots' | 'families'>

export interface RecyclePolicy {
  maxLeases: number
  maxFiles: number
  maxAgeMs: number
  maxIdleMs: number
  maxRssBytes: number
  /** Other limits for the projects in these folders (absolute) and below; the longest folder wins. */
  roots: Readonly<Record<string, Partial<PlainPolicy>>>
  /** Other limits for the hosts of a family. */
  families: Readonly<Partial<Record<Family, Partial<PlainPolicy>>>>
}

export const DEFAULT_POLICY: RecyclePolicy = {
  maxLeases: 5_000,
  maxFiles: 5_000,
  maxAgeMs: 4 * 3_600_000,
  maxIdleMs: 10 * 60_000,
  maxRssBytes: 1_536 * 1024 * 1024,
  roots: {},
  // A prepared Vitest serves one run.
  families: {
    browser: { maxLeases: 500, maxAgeMs: 2 * 3_600_000 },
    resident: { maxLeases: 1 },
    runtime: { maxLeases: 100_000 },
  },
}

/**
 * Whether this host must not be lent (again), and why; null: it may.
 * @param now ms of the clock that the slot's times come from
 * @param currentMark the root's mark as it is now; the slot's own when unknown
 */
export function retireReason(slot: Slot, policy: RecyclePolicy, now: number, currentMark = slot.rootMark): RetireReason | null {
  const limits = policyFor(slot.profile, policy)
  if (slot.taint !== null) return 'tainted'
  if (slot.isDrained) return 'drained'
  if (slot.rootMark !== currentMark) return 'root-changed'
  if (slot.leases > 0 && isSingleUse(slot.profile)) return 'worn'
  if (slot.leases >= limits.maxLeases || slot.files >= limits.maxFiles) return 'worn'
  if (slot.rssBytes > limits.maxRssBytes) return 'heavy'
  if (now - slot.openedAtMs >= limits.maxAgeMs) return 'old'
  if (slot.life.status === 'idle' && now - slot.life.sinceMs >= limits.maxIdleMs) return 'unused'
  return null
}

/** The limits that hold for the hosts of a family, or of one project. */
export function policyFor(profile: PoolProfile, policy: RecyclePolicy): RecyclePolicy {
  const general = { ...policy, ...policy.families[familyOf(profile)] }
  const root = ownerOf(profile)
  const folder = Object.keys(policy.roots)
    .filter((f) => root === f || root.startsWith(f.endsWith('/') ? f : `${f}/`))
    .sort((a, b) => b.length - a.length)[0]
  return folder === undefined || profile.environment !== 'node' ? general : { ...general, ...policy.roots[folder] }
}
