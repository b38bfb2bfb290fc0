import { setTimeout as after } from 'node:timers/promises'
import type { Cluster, V1Job } from './cluster.ts'
import { ENGINE_LABEL, EXECUTION_LABEL, OWNER_LABEL } from './names.ts'
import { deadOwners } from './owner-lease.ts'

const GONE_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 250

/**
 * Removes the Jobs of owners without a living lease, with all that they own, and their leases.
 * @returns how many Jobs and leases
 */
export async function sweepNamespace(cluster: Cluster, namespace: string, ownName: string): Promise<number> {
  const leases = await cluster.listLeases(cluster.namespace, ENGINE_LABEL)
  const dead = deadOwners(leases, new Date())
  const alive = new Set(leases.map(({ metadata }) => metadata!.name!).filter((name) => !dead.has(name)))
  alive.add(ownName)
  const abandoned = (await cluster.listJobs(namespace, EXECUTION_LABEL)).filter((job) => !alive.has(ownerOf(job)))
  for (const { metadata } of abandoned) await cluster.deleteJob(namespace, metadata!.name!)
  for (const name of dead) await cluster.deleteLease(cluster.namespace, name)
  await podsGone(cluster, namespace, alive)
  return abandoned.length + dead.size
}

const ownerOf = ({ metadata }: Pick<V1Job, 'metadata'>) => metadata?.labels?.[OWNER_LABEL] ?? ''

/** Pods follow their Jobs; those that stay are removed one by one. */
async function podsGone(cluster: Cluster, namespace: string, alive: ReadonlySet<string>): Promise<void> {
  const untilMs = performance.now() + GONE_WITHIN_MS
  while (performance.now() < untilMs) {
    const { items } = await cluster.listPods(namespace, EXECUTION_LABEL)
    const left = items.filter((pod) => !alive.has(ownerOf(pod)))
    if (left.length === 0) return
    const toDelete = left.filter((pod) => !pod.metadata?.deletionTimestamp)
    for (const { metadata } of toDelete) await cluster.deletePod(namespace, metadata!.name!, 1)
    await after(LOOK_EVERY_MS)
  }
}
