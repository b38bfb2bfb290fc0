import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../../system/clock.ts'
import type { Cluster, V1Lease } from './cluster.ts'
import { ENGINE_LABEL } from './names.ts'

/** That an engine lives, for the sweeps of others: one Lease, renewed; made when the first execution opens. */
export interface OwnerLease {
  readonly owner: string
  ensure(): Promise<void>
  close(): Promise<void>
}

export function ownerLease(cluster: Cluster, clock: Clock, silenceMs: number): OwnerLease {
  const owner = `engine-${randomBytes(6).toString('hex')}`
  let lease: V1Lease | undefined
  let timer: Timer | undefined
  let isClosed = false
  let making: Promise<void> | undefined

  const put = async () => {
    const version = lease?.metadata?.resourceVersion
    lease = await cluster.putLease(cluster.namespace, leaseManifest(owner, silenceMs, new Date(), version))
  }
  const renew = async () => {
    await put().catch(() => {
      // Somebody removed it, or the server is away: made anew at the next turn.
      lease = undefined
    })
    if (!isClosed) timer = clock.after(silenceMs / 4, () => void renew())
  }
  return {
    owner,
    ensure() {
      making ??= put().then(() => void (timer = clock.after(silenceMs / 4, () => void renew())))
      return making
    },
    async close() {
      isClosed = true
      timer?.cancel()
      if (making) await cluster.deleteLease(cluster.namespace, owner).catch(() => {})
    },
  }
}

export const leaseManifest = (name: string, silenceMs: number, now: Date, version?: string): V1Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, labels: { [ENGINE_LABEL]: 'true' }, ...(version ? { resourceVersion: version } : {}) },
  spec: {
    holderIdentity: name,
    leaseDurationSeconds: Math.ceil(silenceMs / 1_000),
    // MicroTime: six digits behind the second.
    renewTime: now.toISOString().replace(/\.(\d{3})Z$/, '.$1000Z') as unknown as NonNullable<V1Lease['spec']>['renewTime'],
  },
})

/** @returns names of owners that have not said for longer than they promised, by this machine's clock, that they live */
export function deadOwners(leases: readonly V1Lease[], now: Date): Set<string> {
  return new Set(
    leases
      .filter(({ spec }) => {
        const renewed = spec?.renewTime ? new Date(spec.renewTime as unknown as string).getTime() : 0
        return now.getTime() - renewed > (spec?.leaseDurationSeconds ?? 0) * 1_000
      })
      .map(({ metadata }) => metadata!.name!),
  )
}
