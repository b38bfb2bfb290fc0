// The program of a host of runtimes: started by the daemon, never by hand. It lends contexts of JavaScript, several at once.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { DaemonToHost } from '../../../contracts/host-wire.ts'
import { lineCutter } from '../../../system/lines.ts'
import { createDesk } from '../../desk.ts'
import { rarelyAsked, tellDaemon } from '../../host-report.ts'
import { childContexts } from './children.ts'
import type { Contexts } from './context.ts'
import { serveLease } from './lease.ts'
import { workerContexts } from './workers.ts'

type Boot = Extract<DaemonToHost, { kind: 'boot-runtime' }>

let contexts: Contexts | undefined
const memoryBytes = rarelyAsked(() => contexts?.rssBytes() || process.memoryUsage.rss())

const desk = createDesk({
  tokenEnd: '\n',
  onHolder(token, socket, first) {
    const hear = lineCutter(serveLease(contexts!, socket, () => returned(token)))
    socket.on('data', hear)
    socket.resume()
    hear(first)
  },
  onNeverCame: returned,
})

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-runtime')
    boot(message).catch((error: unknown) => {
      tellDaemon({ kind: 'boot-failed', message: String((error as Error)?.message ?? error) })
      contexts?.end()
    })
  else if (message.kind === 'expect') desk.expect(message.token)
  else if (message.kind === 'reclaim') desk.reclaim(message.token)
})
process.on('disconnect', () => {
  contexts?.end()
  process.exit(0)
})

async function boot(about: Boot): Promise<void> {
  contexts = await contextsOf(about)
  const server = createServer(desk.greet).listen(about.address)
  await once(server, 'listening')
  tellDaemon({ kind: 'ready', rssBytes: memoryBytes(), heapBytes: 0 })
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

function returned(token: string): void {
  tellDaemon({ kind: 'world-done', files: 0, rssBytes: memoryBytes(), heapBytes: 0, taints: [], returned: token })
}
