import { type Family, familyOf, isBrowser } from './profile.ts'
import type { Slot } from './slot.ts'

export interface Limits {
  /** Hosts of Node at once, of all projects and states. */
  maxHosts: number
  /** Browsers at once. */
  maxBrowsers: number
  /** What all hosts together may occupy. */
  maxBytes: number
  /** What a host is expected to occupy before it has said so. */
  hostBytes: number
  /** The same for a browser. */
  browserBytes: number
}

const MB = 1024 * 1024

/**
 * Two hosts per CPU (one works while another is restored or opened), at least 4; browsers by what Playwright's `workers` is set
 * to at most by sane people, four per CPU and at least 8; half of the memory for all together.
 * @param memoryBytes what the machine or its container has
 */
export function limitsFor(machine: { cpus: number; memoryBytes: number }, maxHosts?: number, maxBrowsers?: number): Limits {
  return {
    maxHosts: maxHosts ?? Math.max(4, machine.cpus * 2),
    maxBrowsers: maxBrowsers ?? Math.max(8, machine.cpus * 4),
    maxBytes: Math.floor(machine.memoryBytes / 2),
    hostBytes: 150 * MB,
    browserBytes: 250 * MB,
  }
}

export function usedBytes(slots: readonly Slot[], limits: Limits): number {
  const expected = (slot: Slot) => (isBrowser(slot.profile) ? limits.browserBytes : limits.hostBytes)
  return slots.reduce((sum, slot) => sum + (slot.life.status === 'closed' ? 0 : slot.rssBytes || expected(slot)), 0)
}

/** How many more hosts (or browsers) may be opened now; the first one always may, or nothing would ever run. */
export function freePlaces(slots: readonly Slot[], limits: Limits, family: Family = 'node'): number {
  const open = slots.filter((slot) => slot.life.status !== 'closed')
  const own = open.filter((slot) => familyOf(slot.profile) === family)
  const [most, bytes] = family === 'browser' ? [limits.maxBrowsers, limits.browserBytes] : [limits.maxHosts, limits.hostBytes]
  const byMemory = Math.floor((limits.maxBytes - usedBytes(open, limits)) / bytes)
  const free = Math.max(0, Math.min(most - own.length, byMemory))
  return own.length === 0 ? Math.max(1, free) : free
}
