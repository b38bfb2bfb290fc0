import { statSync } from 'node:fs'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import type { Executor } from '../executor.ts'
import { type Cluster, connectCluster, kubeconfigFiles, saidBy, statusOf } from './cluster.ts'
import { openRoom } from './kube-room.ts'
import { ownerLease } from './owner-lease.ts'
import { sweepNamespace } from './sweep.ts'

export interface KubernetesExecutorOptions {
  /** Path of a file; absent: `KUBECONFIG`, the account of the pod in which this runs, `~/.kube/config`. */
  kubeconfig?: string
  context?: string
  /** Absent: that of the context. `job.namespace` of a document wins. */
  namespace?: string
  /** For containers that name none. */
  image?: string
  env: Readonly<Record<string, string | undefined>>
  clock?: Clock
  /** Silence of the engine after which its pods end by themselves, and after which it counts as dead, ms; 32,000 by default. */
  silenceMs?: number
}

const SILENCE_MS = 32_000

/** Runs workflows as Jobs of a cluster. Nothing is loaded and nobody is asked before the first execution. */
export function createKubernetesExecutor(options: KubernetesExecutorOptions): Executor {
  const { clock = systemClock, silenceMs = SILENCE_MS, image } = options
  const namespaces = new Set<string>()
  let connecting: Promise<Cluster> | undefined
  let leasing: ReturnType<typeof ownerLease> | undefined

  const connect = () => {
    connecting ??= connectCluster(options)
    connecting.catch(() => (connecting = undefined))
    return connecting
  }
  const leaseOf = (cluster: Cluster) => (leasing ??= ownerLease(cluster, clock, silenceMs))

  return {
    name: 'kubernetes',
    // All fields are Kubernetes's own.
    ignores: [],
    needsImages: !image,
    check: () => refuseNoFile(options.kubeconfig, options.env['KUBECONFIG']),
    async open(execution) {
      const cluster = await connect()
      const lease = leaseOf(cluster)
      await lease.ensure().catch((cause: unknown) => {
        throw unreachable(cause)
      })
      const uses = (namespace: string) => void namespaces.add(namespace)
      return openRoom({ cluster, clock, silenceMs, image, execution, owner: lease.owner, uses })
    },
    async sweep() {
      const cluster = await connect()
      let removed = 0
      for (const namespace of new Set([cluster.namespace, ...namespaces]))
        removed += await sweepNamespace(cluster, namespace, leaseOf(cluster).owner).catch((cause: unknown) => {
          throw unreachable(cause)
        })
      return removed
    },
    async close() {
      await leasing?.close()
    },
  }
}

function unreachable(cause: unknown): EverwarmError {
  const isRefused = statusOf(cause) === 403 || statusOf(cause) === 401
  return new EverwarmError('EXECUTOR_UNREACHABLE', {
    message: `The cluster does not do what is asked: ${saidBy(cause)}.`,
    hint: isRefused
      ? 'Give this account the rights of deploy/kubernetes/role.yaml.'
      : 'Try `kubectl get pods` with the same context.',
    cause,
  })
}

/** Of several files in KUBECONFIG one is enough. @throws EverwarmError BAD_INPUT */
function refuseNoFile(option: string | undefined, variable: string | undefined): void {
  const files = kubeconfigFiles(option ?? variable)
  if (files.length === 0 || files.some((file) => statSync(file, { throwIfNoEntry: false })?.isFile())) return
  throw new EverwarmError('BAD_INPUT', {
    message: `${option === undefined ? 'KUBECONFIG' : '--kubeconfig'}: there is no file ${files.join(', ')}.`,
    hint: 'Name a file that describes a cluster.',
  })
}
