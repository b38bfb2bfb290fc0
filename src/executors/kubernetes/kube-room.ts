import type { ExecutionRoom, Site } from '../executor.ts'
import { openSite } from './kube-site.ts'
import { EXECUTION_LABEL, labelValue, OWNER_LABEL } from './names.ts'
import { type PodWatch, watchPods } from './pod-watch.ts'
import type { RoomGround } from './room-ground.ts'

export type RoomOptions = Pick<RoomGround, 'cluster' | 'clock' | 'silenceMs' | 'execution' | 'image'> & {
  owner: string
  /** Namespaces in which it makes something, for sweeps. */
  uses: (namespace: string) => void
}

export function openRoom({ owner, uses, ...options }: RoomOptions): ExecutionRoom {
  const { cluster, execution } = options
  const marks = { [EXECUTION_LABEL]: labelValue(execution.id), [OWNER_LABEL]: owner }
  const watches = new Map<string, Promise<PodWatch>>()
  const sites = new Set<Site>()
  const opening = new Set<Promise<unknown>>()
  const closing = new AbortController()
  const ground: RoomGround = {
    ...options,
    marks,
    watchOf(namespace) {
      uses(namespace)
      const watch = watches.get(namespace) ?? watchPods(cluster, namespace, `${EXECUTION_LABEL}=${marks[EXECUTION_LABEL]}`)
      watches.set(namespace, watch)
      watch.catch(() => watches.delete(namespace))
      return watch
    },
  }
  return {
    async openSite(request) {
      const signal = AbortSignal.any([request.signal, closing.signal])
      signal.throwIfAborted()
      const opened = openSite(ground, { ...request, signal })
      opening.add(opened)
      const site = await opened.finally(() => opening.delete(opened))
      sites.add(site)
      return site
    },
    async close() {
      closing.abort(new Error('The execution has ended.'))
      await Promise.allSettled(opening)
      const closed = await Promise.allSettled([...sites].map((site) => site.close()))
      for (const watch of await Promise.allSettled(watches.values())) if (watch.status === 'fulfilled') watch.value.close()
      for (const end of closed) if (end.status === 'rejected') throw end.reason
    },
  }
}
