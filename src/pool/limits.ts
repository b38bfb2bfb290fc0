import { availableParallelism, totalmem } from 'node:os'
import type { Slot } from './slot.ts'

export interface Limits {
  /** Hosts at once, of all projects and states. */
  maxHosts: number
  /** What all hosts together may occupy. */
  maxBytes: number
  /** What a host is expected to occupy before it has said so. */
  hostBytes: number
}

const MB = 1024 * 1024

/**
 * Two hosts per CPU (one works while another is restored or opened), at least 4; half of the memory.
 * @param memoryBytes what the machine or its container has
 */
export function limitsFor(machine: { cpus: number; memoryBytes: number }, maxHosts?: number): Limits {
  return {
    maxHosts: maxHosts ?? Math.max(4, machine.cpus * 2),
    maxBytes: Math.floor(machine.memoryBytes / 2),
    hostBytes: 150 * MB,
  }
}

/** This machine, or the container it is: Node reports no limit as 0 or as an absurd number. */
export function thisMachine(): { cpus: number; memoryBytes: number } {
  const constrained = process.constrainedMemory()
  const total = totalmem()
  return { cpus: availableParallelism(), memoryBytes: constrained > 0 && constrained < total ? constrained : total }
}

export function usedBytes(slots: readonly Slot[], limits: Limits): number {
  return slots.reduce((sum, slot) => sum + (slot.life.status === 'closed' ? 0 : slot.rssBytes || limits.hostBytes), 0)
}

/** How many more hosts may be opened now; the first one always may, or nothing would ever run. */
export function freePlaces(slots: readonly Slot[], limits: Limits): number {
  const open = slots.filter((slot) => slot.life.status !== 'closed')
  const byMemory = Math.floor((limits.maxBytes - usedBytes(open, limits)) / limits.hostBytes)
  const free = Math.max(0, Math.min(limits.maxHosts - open.length, byMemory))
  return open.length === 0 ? Math.max(1, free) : free
}
