// The program of a host of runtimes: started by the daemon, never by hand. It lends contexts of JavaScript, several at once.
import type { DaemonToHost, HostToDaemon } from '../../../contracts/host-wire.ts'
import { type Door, openDoor } from '../door.ts'
import { childContexts } from './children.ts'
import type { Contexts } from './context.ts'
import { serveLease } from './lease.ts'
import { workerContexts } from './workers.ts'

type Boot = Extract<DaemonToHost, { kind: 'boot-runtime' }>

let contexts: Contexts | undefined
let door: Door | undefined
const holders = new Map<string, { destroy(): void }>()
let measured = { bytes: 0, atMs: -Infinity }

function tell(message: HostToDaemon): void {
  if (process.connected) process.send!(message)
}

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-runtime')
    boot(message).catch((error: unknown) => {
      tell({ kind: 'boot-failed', message: String((error as Error)?.message ?? error) })
      contexts?.end()
    })
  else if (message.kind === 'expect') door?.expect(message.token)
  else if (message.kind === 'reclaim') reclaim(message.token)
})
process.on('disconnect', () => {
  contexts?.end()
  process.exit(0)
})

async function boot(about: Boot): Promise<void> {
  contexts = await contextsOf(about)
  door = await openDoor(about.address, (token, socket) => {
    holders.set(token, socket)
    return serveLease(contexts!, socket, () => {
      holders.delete(token)
      returned(token)
    })
  })
  tell({ kind: 'ready', rssBytes: memoryBytes(), heapBytes: 0 })
}

async function contextsOf(about: Boot): Promise<Contexts> {
  switch (about.runtime) {
    case 'node':
    case 'bun':
      return workerContexts(about)
    case 'deno':
      return childContexts(about)
    case 'workerd': {
      const { isolateContexts } = await import('./isolates.ts')
      return isolateContexts(about)
    }
  }
}

/** The holder is gone, perhaps before it ever came. */
function reclaim(token: string): void {
  const holder = holders.get(token)
  if (holder) holder.destroy()
  else if (door?.forget(token)) returned(token)
}

function returned(token: string): void {
  tell({ kind: 'world-done', files: 0, rssBytes: memoryBytes(), heapBytes: 0, taints: [], returned: token })
}

/** Asked anew every 15 s at most: it takes longer than a lease. */
function memoryBytes(): number {
  if (performance.now() - measured.atMs > 15_000)
    measured = { bytes: contexts?.rssBytes() || process.memoryUsage.rss(), atMs: performance.now() }
  return measured.bytes
}
