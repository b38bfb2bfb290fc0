import { setTimeout as after } from 'node:timers/promises'
import type { Hear } from '../executor.ts'
import { type Cluster, statusOf, type V1Pod } from './cluster.ts'
import { containerStatus, serviceEnd } from './pod-state.ts'
import { isGone, type SitePods } from './pod-watch.ts'

export interface LogOptions {
  cluster: Cluster
  watch: SitePods
  namespace: string
  pod: string
  container: string
  hear: Hear
  signal: AbortSignal
}

const RETRY_MS = 200

/**
 * All that a container says, from its first byte to its last end; of each of its lives. A connection that breaks is taken up again
 * where it broke, as far as the node still has the log. Both streams come as one: the API does not tell them apart.
 */
export async function followLogs(options: LogOptions): Promise<void> {
  const { watch, pod, container, signal } = options
  const now = () => watch.find(({ metadata }) => metadata?.name === pod)
  let life = -1
  let heard = 0
  while (!signal.aborted) {
    const current = containerStatus(now(), container)?.restartCount ?? 0
    if (current !== life) heard = 0
    life = current
    const { bytes, isWhole } = await readLog(options, heard)
    heard += bytes
    const state = now()
    if (!state || isGone(state)) return
    if (!isWhole) {
      await after(RETRY_MS)
      continue
    }
    if (!(await isLastLife(watch, now, container, life, signal))) continue
    // Runtimes write the last line, where it has no end, when they have seen the container end: what is followed may miss it.
    await readLog(options, heard)
    return
  }
}

/** A log that ends says that the container has; the status of the pod says it a little later. */
function isLastLife(
  watch: SitePods,
  now: () => V1Pod | undefined,
  container: string,
  life: number,
  signal: AbortSignal,
): Promise<boolean> {
  return watch
    .until(() => {
      const pod = now()
      if (!pod || isGone(pod) || serviceEnd(pod, container)) return true
      return (containerStatus(pod, container)?.restartCount ?? 0) !== life ? false : undefined
    }, signal)
    .catch(() => true)
}

async function readLog(
  { cluster, namespace, pod, container, hear, signal }: LogOptions,
  skip: number,
): Promise<{ bytes: number; isWhole: boolean }> {
  const query = new URLSearchParams({ container, follow: 'true' })
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`
  let left = skip
  let bytes = 0
  try {
    const response = await cluster.stream(path, signal)
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const fresh = chunk.subarray(Math.min(left, chunk.length))
      left -= chunk.length - fresh.length
      if (fresh.length === 0) continue
      bytes += fresh.length
      // A listener that fails has heard: what it does with it is not ours.
      await Promise.resolve(hear('stdout', fresh)).catch(() => {})
    }
    return { bytes, isWhole: response.complete }
  } catch (error) {
    // Broken off, or not there yet; a log that is gone with its node is over.
    return { bytes, isWhole: statusOf(error) === 404 }
  }
}
