import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RuntimeRequest } from '../../../contracts/runtime-wire.ts'
import type { ContextPorts, Contexts } from './context.ts'
import { Spares } from './spares.ts'

interface Spare {
  worker: Worker
  ports: ContextPorts | undefined
}

const ENTRY = new URL(`./in-worker${extname(import.meta.url)}`, import.meta.url)

/** Threads of this process, each with an engine of its own. */
export async function workerContexts({ env, cwd }: { env: Record<string, string>; cwd: string }): Promise<Contexts> {
  const spares = new Spares(start)
  const taken = new Set<Spare>()

  function start(): Spare {
    const worker = new Worker(ENTRY, { env, workerData: { cwd }, execArgv: [] })
    const spare: Spare = { worker, ports: undefined }
    const over = (why: string) => {
      const { ports } = spare
      spare.ports = undefined
      if (taken.delete(spare)) ports?.ended(why)
      else spares.drop(spare, why)
    }
    worker.once('online', () => spares.started())
    worker.on('message', (line: unknown) => void (typeof line === 'string' && spare.ports?.line(line)))
    worker.on('error', (error: unknown) => over(String((error as Error)?.message ?? error)))
    worker.on('exit', (code) => over(`it ended with code ${code}`))
    return spare
  }

  await spares.first
  return {
    rssBytes: () => 0,
    take(ports) {
      const spare = spares.take()
      spare.ports = ports
      taken.add(spare)
      return {
        ask: (request: RuntimeRequest) => spare.worker.postMessage(request, []),
        kill() {
          spare.ports = undefined
          taken.delete(spare)
          void spare.worker.terminate()
        },
      }
    },
    // They end with their process.
    end: () => void spares.end(),
  }
}
