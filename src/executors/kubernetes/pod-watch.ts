import { setTimeout as after } from 'node:timers/promises'
import type { IncomingMessage } from 'node:http'
import { lineCutter } from '../../system/lines.ts'
import { type Cluster, saidBy, type V1Pod } from './cluster.ts'
import { SITE_LABEL } from './names.ts'

/** The pods of one site, as they are now: its own, and its services. */
export interface SitePods {
  /** Also of those that are gone. */
  find(isIt: (pod: V1Pod) => boolean): V1Pod | undefined
  /**
   * Resolves with the first answer of `look` that is not undefined; it is asked now, and at each change of a pod of the site.
   * @throws what `look` throws, the signal's reason
   */
  until<T>(look: () => T | undefined, signal?: AbortSignal): Promise<T>
}

/** All pods of an execution in one namespace. One connection, however many there are. */
export interface PodWatch {
  /** @param site value of its label */
  ofSite(site: string): SitePods
  /** Of a site that is closed nothing is kept. */
  forget(site: string): void
  close(): void
}

interface Kept {
  pods: Map<string, V1Pod>
  listeners: Set<() => void>
}

const RETRY_MS = 500

/** @throws Error the first list cannot be had */
export async function watchPods(cluster: Cluster, namespace: string, labels: string): Promise<PodWatch> {
  const sites = new Map<string, Kept>()
  const forgotten = new Set<string>()
  const closing = new AbortController()
  const keptOf = (site: string): Kept => {
    const kept = sites.get(site) ?? { pods: new Map(), listeners: new Set() }
    if (!forgotten.has(site)) sites.set(site, kept)
    return kept
  }
  const put = (pod: V1Pod) => {
    const { pods, listeners } = keptOf(siteOf(pod))
    pods.set(pod.metadata!.name!, pod)
    for (const listener of listeners) listener()
  }
  const list = async () => {
    const { items, version } = await cluster.listPods(namespace, labels)
    const names = new Set(items.map((pod) => pod.metadata?.name))
    for (const { pods } of sites.values()) for (const [name, pod] of pods) if (!names.has(name)) put(goneNow(pod))
    for (const pod of items) put(pod)
    return version
  }
  const onLine = (line: string) => {
    const { type, object } = JSON.parse(line) as { type: string; object: V1Pod }
    if (type !== 'ERROR' && object.metadata?.name) put(type === 'DELETED' ? goneNow(object) : object)
  }
  void keepWatching(await list())

  async function keepWatching(first: string): Promise<void> {
    let version: string | undefined = first
    while (!closing.signal.aborted) {
      try {
        version ??= await list()
        const query = new URLSearchParams({ watch: 'true', labelSelector: labels, resourceVersion: version })
        const response = await cluster.stream(`/api/v1/namespaces/${namespace}/pods?${query}`, closing.signal)
        await read(response, onLine)
      } catch (error) {
        // A server that is away for a while: what happened meanwhile is in the next list.
        void saidBy(error)
        if (!closing.signal.aborted) await after(RETRY_MS)
      }
      version = undefined
    }
  }

  return {
    ofSite(site) {
      const { pods, listeners } = keptOf(site)
      return {
        find: (isIt) => [...pods.values()].find(isIt),
        until: (look, signal) => untilAnswer(listeners, look, signal),
      }
    },
    forget(site) {
      sites.delete(site)
      forgotten.add(site)
    },
    close: () => closing.abort(),
  }
}

const siteOf = ({ metadata }: V1Pod) => metadata?.labels?.[SITE_LABEL] ?? ''

/** Deleted pods stay known as such. */
const goneNow = (pod: V1Pod): V1Pod => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { ...pod.metadata?.annotations, [GONE]: '' } },
})
const GONE = 'everwarm.gone'
export const isGone = (pod: V1Pod) => pod.metadata?.annotations?.[GONE] !== undefined

function read(response: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  const cut = lineCutter(onLine, 64 * 1_024 * 1_024)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  response.on('data', (chunk: Buffer) => {
    try {
      cut(chunk)
    } catch (error) {
      response.destroy()
      reject(error as Error)
    }
  })
  response.on('close', resolve)
  return promise
}

function untilAnswer<T>(listeners: Set<() => void>, look: () => T | undefined, signal?: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const end = () => {
    listeners.delete(ask)
    signal?.removeEventListener('abort', onAbort)
  }
  const ask = () => {
    try {
      const answer = look()
      if (answer === undefined) return
      end()
      resolve(answer)
    } catch (error) {
      end()
      reject(error as Error)
    }
  }
  const onAbort = () => {
    end()
    reject(signal!.reason as Error)
  }
  if (signal?.aborted) onAbort()
  else {
    signal?.addEventListener('abort', onAbort, { once: true })
    listeners.add(ask)
    ask()
  }
  return promise
}
