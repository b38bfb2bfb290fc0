import { type Family, familyOf } from './kinds.ts'
import type { Slot } from './slot.ts'

export interface Limits {
  /** Hosts of one family at once, of all projects and states, and what one is expected to occupy before it has said so. */
  families: Readonly<Record<Family, { most: number; bytes: number }>>
  /** What all hosts together may occupy. */
  maxBytes: number
}

const MB = 1024 * 1024

/**
 * Two hosts per CPU (one works while another is restored or opened), at least 4; browsers by what Playwright's `workers` is set
 * to at most by sane people, four per CPU and at least 8; two prepared Vitests; half of the memory for all together.
 * @param memoryBytes what the machine or its container has
 */
export function limitsFor(machine: { cpus: number; memoryBytes: number }, maxHosts?: number, maxBrowsers?: number): Limits {
  return {
    families: {
      node: { most: maxHosts ?? Math.max(4, machine.cpus * 2), bytes: 150 * MB },
      browser: { most: maxBrowsers ?? Math.max(8, machine.cpus * 4), bytes: 250 * MB },
      resident: { most: Math.max(2, machine.cpus), bytes: 180 * MB },
      // twice per CPU for children of Vitest, one at work and one ready, and room for hosts of runtimes beside them
      runtime: { most: Math.max(6, machine.cpus * 2 + 4), bytes: 100 * MB },
    },
    maxBytes: Math.floor(machine.memoryBytes / 2),
  }
}

export function usedBytes(slots: readonly Slot[], { families }: Limits): number {
  const expected = (slot: Slot) => families[familyOf(slot.profile)].bytes
  return slots.reduce((sum, slot) => sum + (slot.life.status === 'closed' ? 0 : slot.rssBytes || expected(slot)), 0)
}

/** How many more hosts of a family may be opened now; its first one always may, or nothing would ever run. */
export function freePlaces(slots: readonly Slot[], limits: Limits, family: Family): number {
  const open = slots.filter((slot) => slot.life.status !== 'closed')
  const own = open.filter((slot) => familyOf(slot.profile) === family)
  const { most, bytes } = limits.families[family]
  const byMemory = Math.floor((limits.maxBytes - usedBytes(open, limits)) / bytes)
  const free = Math.max(0, Math.min(most - own.length, byMemory))
  return own.length === 0 ? Math.max(1, free) : free
}
